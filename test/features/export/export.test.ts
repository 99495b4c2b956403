import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {csv} from '../../../src/features/export/csv.ts';
import {exportedOf} from '../../../src/features/export/exported.ts';
import {exportJSON} from '../../../src/features/export/json.ts';
import {openmetrics} from '../../../src/features/export/openmetrics.ts';
import {perfetto} from '../../../src/features/export/perfetto.ts';
import {run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {missing, testIf} from '../../helpers/tools.ts';
import {ABOUT, HOSTILE, leak, MIB} from '../report/scenes.ts';

// Some looks without resident memory, as recordings have them.
const shots = leak().map(({t, snapshot, ...rest}, index) =>
  index % 4 === 1
    ? {t, snapshot: snapshot.withSource({from: 'snapshot', format: 'maps'}), ...rest}
    : {t, snapshot, ...rest},
);
const exported = exportedOf(ABOUT.startedAt, shots);

function saved(t: ExecutionContext, parts: Iterable<string>): string {
  const path = join(folder(t), 'export');
  writeFileSync(path, [...parts].join(''));
  return path;
}

testIf('python3')("Python's csv module reads the table", async (t) => {
  const script = `import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='')))))`;
  const {stdout} = await run('python3', ['-c', script, saved(t, csv(exported))]);
  const rows = JSON.parse(stdout) as Array<Record<string, string>>;
  const heap = rows.filter(({kind}) => kind === 'heap');
  t.is(heap.length, 21);
  t.deepEqual(
    heap.map(({size}) => Number(size)),
    heap.map((_, second) => (second + 1) * MIB),
  );
  t.deepEqual(
    heap[1],
    {
      time: '2026-01-31T12:00:01.000Z',
      ms: '1000',
      kind: 'heap',
      regions: '1',
      size: String(2 * MIB),
      rss: '',
      pss: '',
      privateDirty: '',
      swap: '',
    },
    'not read is empty',
  );
  t.is(heap[2]!['rss'], String(3 * MIB));
});

testIf('jq')('jq finds counters by kind, the name of the process and the mark in the trace', async (t) => {
  const path = saved(t, perfetto(exported));
  const ask = async (question: string): Promise<unknown> =>
    JSON.parse((await run('jq', ['-c', question, path])).stdout);
  t.deepEqual(await ask('[.traceEvents[] | select(.name == "rss by kind") | .args.heap] | [first, last, length]'), [
    MIB,
    21 * MIB,
    16,
  ]);
  t.deepEqual(await ask('[.traceEvents[] | select(.name == "mem.virt") | .ts] | [first, last, length, . == sort]'), [
    0,
    20_000_000,
    21,
    true,
  ]);
  t.deepEqual(await ask('.traceEvents[0]'), {
    ph: 'M',
    name: 'process_name',
    pid: 4242,
    tid: 4242,
    args: {name: HOSTILE[0]},
  });
  t.deepEqual(await ask('[.traceEvents[] | select(.ph == "i") | [.name, .ts]]'), [[`Mark: ${HOSTILE[1]}`, 10_000_000]]);
  t.true(await ask('all(.traceEvents[]; has("ph") and has("pid") and (.ph == "M" or (.ts | type == "number")))'));
});

/** Debian's own Python, for which its packages are. */
const PYTHON = '/usr/bin/python3';
const PROMETHEUS =
  spawnSync(PYTHON, ['-c', 'import prometheus_client']).status === 0
    ? undefined
    : missing('prometheus_client', 'python3-prometheus-client');

testIf(PROMETHEUS)('the reference parser of OpenMetrics reads the series', async (t) => {
  const script = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(json.dumps([[f.name, f.unit, f.type, [[s.labels, s.value, float(s.timestamp)] for s in f.samples]] for f in parse(open(sys.argv[1]).read())]))`;
  const {stdout, stderr} = await run(PYTHON, ['-c', script, saved(t, openmetrics(exported))]);
  t.is(stderr, '');
  type Sample = [Record<string, string>, number, number];
  const families = JSON.parse(stdout) as Array<[string, string, string, Sample[]]>;
  t.deepEqual(
    families.map(([name]) => name),
    [
      'memmap_regions',
      'memmap_size_bytes',
      'memmap_rss_bytes',
      'memmap_pss_bytes',
      'memmap_private_dirty_bytes',
      'memmap_swap_bytes',
    ],
  );
  t.true(families.every(([, , type]) => type === 'gauge'));
  const heap = families[2]![3].filter(([{kind}]) => kind === 'heap');
  t.is(heap.length, 16);
  t.deepEqual(heap.at(-1), [
    {process: HOSTILE[0]!, pid: '4242', kind: 'heap'},
    21 * MIB,
    Date.parse(ABOUT.startedAt) / 1000 + 20,
  ]);
});

test('the document is as its schema says', (t) => {
  conforms(t, 'export', JSON.parse(JSON.stringify(exportJSON(exported))));
});
