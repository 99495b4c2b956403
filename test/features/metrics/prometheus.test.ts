import {type ChildProcess, spawn} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {python} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';
import {PATIENCE} from '../../helpers/wait.ts';
import {type Parsed, PARSER, parsed} from './exposition.ts';
import {freePort} from './receiver.ts';

function started(t: ExecutionContext, program: string, args: readonly string[]): void {
  const child: ChildProcess = spawn(program, args, {stdio: 'ignore'});
  t.teardown(() => child.kill('SIGKILL'));
}

/** What an address answers, as soon as somebody listens there and says what is waited for. */
async function answer(url: string, isMeant: (text: string) => boolean = () => true): Promise<string> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(100)) {
    try {
      const text = await (await fetch(url)).text();
      if (isMeant(text)) return text;
    } catch {
      // Not yet.
    }
  }
  throw new Error(`${url} did not answer`);
}

testIf('promtool')('promtool finds nothing to improve', async (t) => {
  for (const by of ['auto', 'process', 'cgroup']) {
    const {stdout} = await memmap(['metrics', '--by', by]);
    const child = spawn('promtool', ['check', 'metrics'], {stdio: ['pipe', 'pipe', 'pipe']});
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    child.stdin.end(stdout);
    t.is(await new Promise((resolve) => child.once('close', resolve)), 0, said);
    t.is(said, '');
  }
});

const keyOf = ({name, labels}: Parsed): string =>
  [
    name,
    ...Object.keys(labels)
      .toSorted()
      .map((key) => `${key}=${labels[key]}`),
  ].join(' ');

testIf(
  'prometheus',
  'prometheus-node-exporter',
  'python3',
  PARSER,
)('node_exporter takes the file, and every sample arrives in Prometheus', async (t) => {
  const place = folder(t);
  const file = join(place, 'memmap.prom');
  const leak = await python(t, 'held = bytearray(b"x" * (30 << 20))');
  t.is((await memmap(['metrics', '--by', 'process', '-o', file])).code, 0);
  const samples = await parsed(t, readFileSync(file, 'utf8'));
  const [exporter, database] = [await freePort(), await freePort()];
  started(t, 'prometheus-node-exporter', [
    '--collector.disable-defaults',
    '--collector.textfile',
    `--collector.textfile.directory=${place}`,
    `--web.listen-address=127.0.0.1:${exporter}`,
  ]);
  const page = await answer(`http://127.0.0.1:${exporter}/metrics`);
  t.regex(page, /^node_textfile_scrape_error 0$/m);
  const config = join(place, 'prometheus.yml');
  const job = {job_name: 'node', scrape_interval: '1s', static_configs: [{targets: [`127.0.0.1:${exporter}`]}]};
  // YAML is a superset of JSON.
  writeFileSync(config, JSON.stringify({scrape_configs: [job]}));
  started(t, 'prometheus', [
    `--config.file=${config}`,
    `--storage.tsdb.path=${place}/tsdb`,
    `--web.listen-address=127.0.0.1:${database}`,
  ]);
  const query = encodeURIComponent('{__name__=~"memmap_.*"}');
  const result = await answer(`http://127.0.0.1:${database}/api/v1/query?query=${query}`, (text) =>
    text.includes('memmap_pss_bytes'),
  );
  interface Answer {
    readonly data: {readonly result: ReadonlyArray<{metric: Record<string, string>; value: [number, string]}>};
  }
  const arrived = (JSON.parse(result) as Answer).data.result.map(({metric, value}) => {
    const {__name__: name, instance: _, job: __, ...labels} = metric;
    return {name: name!, labels, value: Number(value[1])};
  });
  const sorted = (all: readonly Parsed[]): Array<[string, number]> =>
    all.map((sample): [string, number] => [keyOf(sample), sample.value]).toSorted(([a], [b]) => (a < b ? -1 : 1));
  t.deepEqual(sorted(arrived), sorted(samples));
  t.true(samples.some(({name, labels}) => name === 'memmap_rss_bytes' && labels['pid'] === String(leak.pid)));
  // Another one on the same machine, whose file is torn, is what scrape_error is for.
  writeFileSync(join(place, 'torn.prom'), 'memmap_pss_bytes{group="a');
  t.regex(await answer(`http://127.0.0.1:${exporter}/metrics`), /^node_textfile_scrape_error 1$/m);
});
