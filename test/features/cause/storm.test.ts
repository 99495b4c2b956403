import type {ExecutionContext} from 'ava';
import type {Snapshot} from '../../../src/model/snapshot.ts';
import {capture, diff} from '../../../src/index.ts';
import {Ledger} from '../../../src/features/cause/ledger/ledger.ts';
import type {Call, TraceEvent} from '../../../src/trace/events.ts';
import {Trace} from '../../../src/trace/trace.ts';
import {has} from '../../helpers/programs.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {acting, compiled, perfLack} from '../../trace/target.ts';

const NEEDS = [X64, ROOT, 'gcc', await perfLack()] as const;
const storm = has('gcc') ? compiled('test/features/cause/storm.c') : '';

/** The kernel's own page is above all others. */
const own = ({regions}: Snapshot) => regions.filter(({name}) => name !== '[vsyscall]');

/** Ranges without the borders between neighbours. */
function union(ranges: ReadonlyArray<{readonly start: number; readonly end: number}>): [number, number][] {
  const out: [number, number][] = [];
  for (const {start, end} of ranges) {
    const last = out.at(-1);
    if (last?.[1] === start) last[1] = end;
    else out.push([start, end]);
  }
  return out;
}

/** A program, the trace of it, and the books that are kept. */
async function bookkeeping(t: ExecutionContext, threads: number, seed: number) {
  const child = await acting(t, storm, String(threads), String(seed));
  let ledger: Ledger<Call> | undefined;
  const onEvent = (event: TraceEvent): void => {
    if (event.kind === 'call') ledger?.call(event, event);
    else if (event.kind === 'mapped') ledger?.report(event);
  };
  const trace = await Trace.start(child.pid, {onEvent, mostDescriptors: 20_000});
  t.teardown(() => trace.stop());
  await trace.sync();
  const first = capture(child.pid);
  const brk = first.regions.find(({name}) => name === '[heap]')?.end;
  ledger = new Ledger<Call>({page: 4096, brk, regions: own(first)});
  return {child, trace, ledger, first};
}

for (const [threads, seed] of [
  [1, 3],
  [4, 5],
  [8, 7],
] as const) {
  testIf(...NEEDS).serial(
    `each byte of each change has a call, and the books have what maps has: ${threads} threads`,
    async (t) => {
      const {child, trace, ledger, first} = await bookkeeping(t, threads, seed);
      let before = first;
      const [sum, missing] = [{changes: 0, bytes: 0}, [] as string[]];
      for (let round = 0; round < 8; round++) {
        const since = Number(process.hrtime.bigint());
        await child.ask('go');
        t.true(await trace.sync());
        const after = capture(child.pid);
        for (const {kind, range, from, text} of diff(before, after, {match: 'address'}).changes) {
          if (kind === 'touched') continue;
          sum.changes++;
          // What is split or merged may itself be as it was.
          const isBeside = (kind === 'split' || kind === 'merged') && ledger.beside(range, since).length > 0;
          for (const {start, end, change} of [range, ...(from ? [from] : [])].flatMap((each) =>
            ledger.explain(each, since),
          )) {
            sum.bytes += end - start;
            if (!change && !isBeside) missing.push(`${start.toString(16)}-${end.toString(16)}: ${text}`);
          }
        }
        t.deepEqual(union(ledger.held), union(own(after)), `round ${round}`);
        before = after;
      }
      t.deepEqual(missing, []);
      t.is((await trace.stop()).lost, 0);
      t.true(sum.changes > 100);
      t.log(sum);
    },
  );
}
