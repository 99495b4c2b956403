import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {memmap, once, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';

const RULES = 'share/prometheus/memmap.rules.yml';
const DASHBOARD = 'share/grafana/memmap.json';

testIf('promtool')('each alert fires for what it is for, and for nothing else', async (t) => {
  const checked = await run('promtool', ['check', 'rules', RULES]);
  t.is(checked.code, 0, checked.stderr);
  const {code, stdout, stderr} = await run('promtool', ['test', 'rules', 'test/features/metrics/rules.test.yml']);
  t.is(code, 0, stdout + stderr);
});

interface Dashboard {
  readonly panels: ReadonlyArray<{
    readonly id: number;
    readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
    readonly targets: ReadonlyArray<{readonly expr: string}>;
  }>;
  readonly templating: {
    readonly list: ReadonlyArray<{readonly name: string; readonly query: string | {query: string}}>;
  };
}

const dashboard = once((path: string) => JSON.parse(readFileSync(path, 'utf8')) as Dashboard);

const expressions = (): string[] => dashboard(DASHBOARD).panels.flatMap(({targets}) => targets.map(({expr}) => expr));

testIf('promtool')('promtool reads each query of the dashboard', async (t) => {
  const rules = expressions().map((expr, index) => ({record: `panel:${index}`, expr: expr.replaceAll(/\$\w+/g, '.*')}));
  t.true(rules.length > 10);
  const file = join(folder(t), 'panels.yml');
  // YAML is a superset of JSON.
  writeFileSync(file, JSON.stringify({groups: [{name: 'panels', rules}]}));
  const {code, stderr} = await run('promtool', ['check', 'rules', file]);
  t.is(code, 0, stderr);
});

test("the dashboard is one by Grafana's own types, and no panel covers another", async (t) => {
  const place = folder(t);
  const enums = readFileSync(DASHBOARD, 'utf8').replaceAll('"mode": "absolute"', '"mode": ThresholdsMode.Absolute');
  const source = `import {type Dashboard, ThresholdsMode} from '${process.cwd()}/node_modules/@grafana/schema/dist/esm/index.js';
    export const dashboard: Dashboard = ${enums};`;
  mkdirSync(join(place, 'src'));
  writeFileSync(join(place, 'src/dashboard.mts'), source);
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    '',
  ];
  const {code, stdout} = await run('node_modules/.bin/tsc', [...options, join(place, 'src/dashboard.mts')]);
  t.is(code, 0, stdout);
  const cells = dashboard(DASHBOARD).panels.flatMap(({gridPos: {x, y, w, h}}) =>
    Array.from({length: w * h}, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
  );
  t.is(new Set(cells).size, cells.length);
  t.true(dashboard(DASHBOARD).panels.every(({gridPos: {x, w}}) => x + w <= 24));
  const ids = dashboard(DASHBOARD).panels.map(({id}) => id);
  t.is(new Set(ids).size, ids.length);
});

test('rules, dashboard and page name no metric and no label that there is not', async (t) => {
  const {stdout} = await memmap(['metrics', '--json', '--by', 'process']);
  const {metrics} = JSON.parse(stdout) as {metrics: Array<{name: string}>};
  const source =
    readFileSync('src/features/metrics/families.ts', 'utf8') +
    readFileSync('src/features/metrics/otlp/sink.ts', 'utf8');
  const names = new Set([...metrics.map(({name}) => name), ...(source.match(/memmap_[a-z_]+/g) ?? [])]);
  const queries = dashboard(DASHBOARD).templating.list.map(({query}) =>
    typeof query === 'string' ? query : query.query,
  );
  const texts = [
    readFileSync(RULES, 'utf8'),
    expressions().join('\n'),
    queries.join('\n'),
    readFileSync('docs/metrics.md', 'utf8'),
  ];
  for (const text of texts) {
    const named = text.match(/\bmemmap_[a-z_]*[a-z]\b/g) ?? [];
    t.true(named.length > 2);
    t.deepEqual(
      named.filter((name) => !names.has(name)),
      [],
    );
  }
  const page = readFileSync('docs/metrics.md', 'utf8');
  t.deepEqual(
    [...names].filter((name) => !page.includes(name) && !name.startsWith('memmap_push_')),
    [],
    'each is on the page',
  );
});

testIf('systemd-analyze')('systemd finds nothing wrong with the units, and little that they could do', async (t) => {
  const place = folder(t);
  const [service, timer] = ['memmap-metrics.service', 'memmap-metrics.timer'].map((name) => {
    const text = readFileSync(`share/systemd/${name}`, 'utf8');
    t.true(name.endsWith('.timer') || text.includes('ExecStart=/usr/bin/memmap metrics '));
    // systemd looks whether the program is there.
    writeFileSync(join(place, name), text.replace('/usr/bin/memmap', '/bin/true'));
    return join(place, name);
  }) as [string, string];
  const verified = await run('systemd-analyze', ['verify', '--man=no', service, timer]);
  t.is(verified.code, 0);
  t.deepEqual(
    verified.stderr.split('\n').filter((line) => line.includes('memmap')),
    [],
  );
  // In tenths: 20 is "OK", and a service without any of it has 96.
  const secure = await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', service]);
  t.is(secure.code, 0, secure.stdout);
});

testIf(ROOT, 'setpriv')('with the one right that the unit leaves to root all processes are read', async (t) => {
  const service = readFileSync('share/systemd/memmap-metrics.service', 'utf8');
  const right = /(?<=^CapabilityBoundingSet=CAP_).+$/m.exec(service)![0].toLowerCase();
  const sets = [`--bounding-set=-all,+${right}`, `--inh-caps=-all,+${right}`];
  const {code, stdout} = await run('setpriv', [
    ...sets,
    '--no-new-privs',
    process.execPath,
    'bin/run.js',
    'metrics',
    String(process.pid),
  ]);
  t.is(code, 0);
  t.regex(stdout, /^memmap_unread_processes\{reason="denied"\} 0$/m);
  t.regex(stdout, /^memmap_pss_bytes\{/m);
});
