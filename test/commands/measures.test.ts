import {readFileSync} from 'node:fs';
import test from 'ava';
import {Checker} from '../../src/features/check/checker.ts';
import {parseRule} from '../../src/features/check/read-rules.ts';
import {findWords} from '../../src/features/explain/glossary/find.ts';
import {words} from '../../src/features/explain/glossary/glossary.ts';
import {csv} from '../../src/features/export/csv.ts';
import {exportedOf} from '../../src/features/export/exported.ts';
import {openmetrics} from '../../src/features/export/openmetrics.ts';
import {perfetto} from '../../src/features/export/perfetto.ts';
import {GROWTH_MEASURES} from '../../src/features/growth/growth.ts';
import {columnsOf, sortKeyOf} from '../../src/features/show/choose.ts';
import {parseCondition} from '../../src/features/watch/until.ts';
import {KINDS} from '../../src/model/kind.ts';
import {BYTE_KEYS, MEASURE_KEYS, MEASURES, type MeasureKey} from '../../src/model/measures.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {ABSENT} from '../../src/model/columns/columns.ts';
import {totalsOf} from '../../src/model/totals.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {parse} from '../../src/parse/parse.ts';
import {COLUMNS} from '../../src/text/columns.ts';
import {parseMeasure} from '../../src/text/measures.ts';
import {memmap} from '../helpers/cli.ts';
import {ABOUT, leak} from '../features/report/scenes.ts';

/** Each measure with each of its spellings, in two cases. */
const SPELLED = MEASURE_KEYS.flatMap((key) =>
  MEASURES[key].spellings.flatMap((text) => [text, text.toUpperCase()].map((spelling) => ({key, spelling}))),
);

const isKind = (text: string): boolean => (KINDS as readonly string[]).includes(text);
const isOfRegion = (key: MeasureKey): boolean => (BYTE_KEYS as readonly string[]).includes(key);

/** A process of which everything is known that a file can say, with counters that are all different. */
const parsed = parse(readFileSync('test/fixtures/smaps/python3.txt'));
const KEYS = Object.keys(parsed.totals).filter((key) => key !== 'size' && key !== 'regions');
const told = new Snapshot({
  source: parsed.source,
  status: {threads: 7},
  regions: parsed.regions.map((region) => ({
    ...region,
    usage: Object.fromEntries(KEYS.map((key, index) => [key, 4096 * (index + 1)])),
  })),
});
const isTold = (key: MeasureKey): boolean => amountOf(key, told.regions) !== undefined || key === 'threads';
const amountOf = (key: MeasureKey, regions: Snapshot['regions']): number | undefined =>
  key === 'threads' ? 7 : MEASURES[key].ofTotals(totalsOf(regions));
const data = told.regions.filter(({kind}) => kind === 'data');

test('show takes each measure of a region as an order and as a column, however it is spelled', (t) => {
  for (const {key, spelling} of SPELLED) {
    if (isOfRegion(key)) {
      t.is(sortKeyOf(spelling), key as never, spelling);
      t.deepEqual(columnsOf(`range, ${spelling},name`), ['range', key as never, 'name'], spelling);
    } else {
      t.throws(() => sortKeyOf(spelling), {instanceOf: Trouble, message: /is not a sort order/}, spelling);
      t.throws(() => columnsOf(spelling), {instanceOf: Trouble, message: /is not a column/}, spelling);
    }
  }
  for (const key of BYTE_KEYS) {
    t.is(COLUMNS[key].title, MEASURES[key].title);
    const values = COLUMNS[key].measure!(told.table);
    for (const [row, region] of told.regions.entries())
      t.is(values?.[row], MEASURES[key].ofRegion(region) ?? (values && ABSENT));
  }
});

test('check takes each measure of the whole and of a kind, measures it, and tells it by its one name', (t) => {
  const measured = (text: string): number | undefined => {
    const checker = new Checker([parseRule(text)], 0);
    checker.add({t: 0, snapshot: told});
    return checker.results()[0]!.measured;
  };
  for (const {key, spelling} of SPELLED) {
    const name = isKind(key) ? `total.${key}` : key;
    const rule = parseRule(`max total.${spelling}=1`);
    t.like(rule, {is: 'max', text: `max ${name}=1`, subject: {of: 'total', measure: key}}, spelling);
    t.deepEqual(parseRule(rule.text), rule, 'what is told can be read');
    // A kind comes first: `shared` is one.
    if (!isKind(spelling)) t.deepEqual(parseRule(`max ${spelling} = 1`), rule, spelling);
    if (key === 'threads') t.throws(() => parseRule(`max data.${spelling}=1`), {instanceOf: Trouble});
    else t.like(parseRule(`max data.${spelling}=1`), {text: `max data.${key}=1`, subject: {of: 'data', measure: key}});
  }
  for (const key of MEASURE_KEYS) {
    if (isTold(key)) t.is(measured(`max total.${key}=1`), amountOf(key, told.regions), key);
    if (isTold(key) && key !== 'threads') t.is(measured(`max data.${key}=1`), amountOf(key, data), key);
  }
  for (const spelling of MEASURES.rss.spellings)
    t.like(parseRule(`no-growth ${spelling}`), {of: 'total', text: 'no-growth rss'});
});

test('watch --until takes each measure of the whole, of a kind and of a name, and measures it', (t) => {
  const is = (subject: string, amount: number): void => {
    t.true(parseCondition(`${subject}>=${amount}`)(told), `${subject} >= ${amount}`);
    t.false(parseCondition(`${subject}>${amount}`)(told), `${subject} > ${amount}`);
  };
  const [file] = told.regions.filter(({name}) => name.startsWith('/'));
  const named = told.regions.filter(({name}) => name === file!.name);
  for (const {key, spelling} of SPELLED) {
    if (!isTold(key)) {
      t.false(parseCondition(`total.${spelling}>0`)(told), spelling);
      continue;
    }
    is(`total.${spelling}`, amountOf(key, told.regions)!);
    if (!isKind(spelling)) is(spelling, amountOf(key, told.regions)!);
    if (key === 'threads') continue;
    is(`data.${spelling}`, amountOf(key, data)!);
    is(`${file!.name}.${spelling}`, amountOf(key, named)!);
  }
  t.throws(() => parseCondition('data.threads>1'), {instanceOf: Trouble, message: /is not a condition/});
  is(
    'shared',
    amountOf(
      'size',
      told.regions.filter(({kind}) => kind === 'shared'),
    )!,
  );
});

test('a file whose name ends like a measure is that file', (t) => {
  const [first, ...rest] = told.regions;
  const named = told.withRegions([{...first!, name: '/tmp/cache.swap'}, ...rest], '');
  t.true(parseCondition('/tmp/cache.swap')(named));
  t.false(parseCondition('/tmp/cache.swap')(told));
  const size = first!.end - first!.start;
  t.true(parseCondition(`/tmp/cache.swap>=${size}`)(named));
  t.false(parseCondition(`/tmp/cache.swap>${size}`)(named));
});

test('growth takes each measure that it follows, however it is spelled, and says which these are', (t) => {
  for (const {key, spelling} of SPELLED) {
    if ((GROWTH_MEASURES as readonly string[]).includes(key))
      t.is(parseMeasure(spelling, GROWTH_MEASURES), key as never, spelling);
    else
      t.like(
        t.throws(() => parseMeasure(spelling, GROWTH_MEASURES), {instanceOf: Trouble}, spelling),
        {kind: 'usage', why: 'it can be rss, privateDirty, pss, anonymous, swap, size.'},
      );
  }
});

test('explain knows each measure that the kernel counts, however it is spelled', (t) => {
  for (const {key, spelling} of SPELLED) {
    if (MEASURES[key].fields.length > 0) t.true(findWords(words(), spelling).length > 0, spelling);
  }
});

test('exports name a measure as everything else does', (t) => {
  const exported = exportedOf(ABOUT.startedAt, leak(2));
  const [head] = [...csv(exported)];
  const names = head!.trim().split(',').slice(3);
  t.deepEqual(names, ['regions', 'size', 'rss', 'pss', 'privateDirty', 'swap']);
  const metrics = [...openmetrics(exported)].join('');
  for (const name of names) {
    const {metric, noun, meaning} = MEASURES[name as MeasureKey];
    t.true(metrics.includes(`# TYPE ${metric.name} gauge\n`), name);
    t.true(metrics.toLowerCase().includes(`# help ${metric.name} ${noun}: ${meaning}.\n`.toLowerCase()), name);
  }
  t.is(MEASURES.privateDirty.metric.name, 'memmap_private_dirty_bytes');
  t.is(MEASURES.threads.metric.name, 'memmap_threads');
  const trace = [...perfetto(exported)].join('');
  for (const name of names.slice(1)) t.true(trace.includes(`"${name} by kind"`), name);
});

test('--help lists the measures that a flag takes, and the parts of each command agree', async (t) => {
  const listing = async (command: string, flag: string): Promise<string> => {
    const {stdout} = await memmap([command, '--help'], {env: {COLUMNS: '200'}});
    const [text = ''] = stdout.split(/^(?= *(?:-\w, )?--)/m).filter((each) => each.trim().startsWith(`--${flag}=`));
    return text.replace(/\s+/g, ' ');
  };
  for (const [command, flag, keys] of [
    ['show', 'sort', BYTE_KEYS],
    ['show', 'columns', BYTE_KEYS],
    ['growth', 'measure', GROWTH_MEASURES],
    ['check', 'max', MEASURE_KEYS],
    ['watch', 'until', MEASURE_KEYS],
  ] as const) {
    const text = await listing(command, flag);
    for (const key of keys) t.regex(text, new RegExp(`\\b${key}\\b`), `${command} --${flag}`);
  }
  const help = (await memmap(['show', 'x', '--columns', 'help'])).stdout;
  for (const key of BYTE_KEYS) {
    const {noun, meaning} = MEASURES[key];
    t.true(help.includes(`${key} `) && help.includes(`${noun}: ${meaning} (`), key);
  }
});

/** What is asked, and the name that is meant. */
const MISSPELLED: ReadonlyArray<readonly [args: readonly string[], near: string]> = [
  [['show', '1', '--sort', 'resdent'], 'rss'],
  [['show', '1', '--columns', 'range,privatdirty'], 'privateDirty'],
  [['show', '1', '--columns', 'evidense'], 'evidence'],
  [['growth', '1', '--measure', 'anonymus'], 'anonymous'],
  [['check', '--max', 'heep=1M', '1'], 'heap'],
  [['check', '--max', 'heap.private-drity=1M', '1'], 'privateDirty'],
  [['check', '--max', 'regoins=4', '1'], 'regions'],
  [['watch', '1', '--until', 'residnt>1M'], 'rss'],
  [['watch', '1', '--until', 'heap.lokced>1M'], 'locked'],
];

for (const [args, near] of MISSPELLED) {
  test(`"${args.join(' ')}" ends with 2, and ${near} is proposed`, async (t) => {
    const {code, stdout, stderr} = await memmap(args);
    t.deepEqual([code, stdout], [2, '']);
    t.regex(stderr, new RegExp(`\\n {2}next: Did you mean: ${near}\\n$`));
    t.true(stderr.includes(near === 'evidence' ? 'privateDirty' : near), 'and which there are is listed');
  });
}
