import {COUNTERS, sumOver} from '../../history/curves.ts';
import {readingsOf, type Exported} from './exported.ts';

/**
 * Trace events as JSON ("Trace Event Format", the form that ui.perfetto.dev and chrome://tracing open): counters (`ph`
 * C) by kind of memory, marks, exec and exit as instants (`ph` i), and the process's name (`ph` M). Times are
 * microseconds since the recording began, amounts are bytes. `mem.virt` and `mem.rss` are what Perfetto's own recorder
 * calls the totals.
 */
export function* perfetto(exported: Exported): Generator<string> {
  const {curves} = exported;
  const {pid = 0, comm = 'process', exe} = exported.process;
  const common = {pid, tid: pid};
  yield '{"displayTimeUnit":"ms","traceEvents":[\n';
  yield JSON.stringify({ph: 'M', name: 'process_name', ...common, args: {name: comm}});
  const readings = readingsOf(curves);
  const [size, rss] = [sumOver(curves, 'size'), sumOver(curves, 'rss')];
  for (const [look, ms] of curves.times.entries()) {
    const ts = ms * 1000;
    const counter = (name: string, args: object): string =>
      `,\n${JSON.stringify({ph: 'C', name, ts, ...common, args})}`;
    yield counter('mem.virt', {bytes: size[look]});
    yield counter('regions', {regions: curves.kinds.reduce((sum, kind) => sum + kind.regions[look]!, 0)});
    yield counter('size by kind', Object.fromEntries(curves.kinds.map((kind) => [kind.kind, kind.size[look]])));
    const reading = readings[look]!;
    if (reading < 0) continue;
    yield counter('mem.rss', {bytes: rss[reading]});
    for (const measure of COUNTERS)
      yield counter(
        `${measure} by kind`,
        Object.fromEntries(curves.kinds.map((kind) => [kind.kind, kind[measure][reading]])),
      );
  }
  for (const {look, text} of exported.events)
    yield `,\n${JSON.stringify({ph: 'i', s: 'p', name: text, ts: curves.times[look]! * 1000, ...common})}`;
  const {startedAt} = exported;
  yield `\n],"otherData":${JSON.stringify({startedAt, exe})}}\n`;
}
