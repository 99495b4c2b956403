import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {DuckDBInstance} from '@duckdb/node-api';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {leak, MIB} from '../report/scenes.ts';
import {writeRecording} from '../report/recorder.ts';

type Row = Readonly<Record<string, unknown>>;

/** The blocks of SQL of the page, in order: the two that make views, and the queries between. */
const BLOCKS = [...readFileSync('docs/sql.md', 'utf8').matchAll(/^```sql\n([^]*?)^```$/gm)].map(([, text]) => text!);

interface Document {
  takenAt: string;
  process: {pid: number; comm: string};
  clues: {maxMapCount: number};
  regions: Array<{
    start: string;
    end: string;
    size: number;
    perms: string;
    name: string;
    kind: string;
    usage: Record<string, number>;
  }>;
}

/** A database that reads files of a directory. */
async function database(place: string): Promise<(sql: string) => Promise<Row[]>> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`SET file_search_path = '${place}'; SET TimeZone = 'UTC'; SET threads = 1`);
  return async (sql) => {
    const all = await connection.runAndReadAll(sql);
    return all.getRowObjectsJson();
  };
}

const DAYS = ['2026-01-30', '2026-01-31'];
const HOSTS = ['web-1', 'web-2', 'web-3'];
const LIBRARY = '/srv/lib/libgrown.so';

/**
 * A real snapshot on each host and day, changed in known ways: a library that grew by 3 MiB on the second day, a host
 * near its limit of regions, one with memory to write and execute, and one with a deleted library.
 */
async function fleet(t: ExecutionContext): Promise<{readonly place: string; readonly base: Document}> {
  const place = folder(t);
  const {stdout, code} = await memmap(['snapshot', String(process.pid)]);
  t.is(code, 0);
  const base = JSON.parse(stdout) as Document;
  for (const [index, host] of HOSTS.entries()) {
    for (const [day, date] of DAYS.entries()) {
      const made = structuredClone(base);
      const [first] = made.regions;
      first!.name = LIBRARY;
      first!.usage = {...first!.usage, pss: (1 + 3 * day) * MIB, privateDirty: day * MIB};
      first!.perms = host === 'web-3' && day === 1 ? 'rwxp' : 'r--p';
      made.process = {...made.process, comm: 'app', pid: 100 + index};
      made.clues.maxMapCount = host === 'web-2' ? made.regions.length + 2 : 65_530;
      if (host === 'web-1') Object.assign(made.regions[1]!, {name: '/srv/old.so (deleted)', perms: 'r-xp'});
      const file = join(place, `fleet/day=${date}/host=${host}/${100 + index}.json`);
      mkdirSync(dirname(file), {recursive: true});
      writeFileSync(file, JSON.stringify(made));
    }
  }
  return {place, base};
}

test('the page has two views and ten queries', (t) => {
  const queries = BLOCKS.filter((text) => !text.startsWith('CREATE'));
  t.is(queries.length, 10);
  t.is(BLOCKS.length, 12);
});

test('the queries to a directory of snapshots answer what was put into it', async (t) => {
  const {place, base} = await fleet(t);
  const ask = await database(place);
  const [views, byKind, byFile, grown, limits, release, writable, deleted] = BLOCKS as [string, ...string[]];
  for (const view of views.split(';\n').filter((text) => text.trim() !== '')) await ask(view);

  const rows = await ask('SELECT count(*) AS count FROM regions');
  t.is(Number(rows[0]!['count']), 6 * base.regions.length);

  const kinds = await ask(byKind!);
  const stack = base.regions.find(({kind}) => kind === 'stack')!;
  t.is(Number(kinds.find(({kind}) => kind === 'stack')!['pss']), 3 * stack.usage['pss']!);

  const files = await ask(byFile!);
  const library = files.find(({name}) => name === LIBRARY)!;
  t.is(Number(library['pss']), 3 * 4 * MIB);
  t.is(Number(library['hosts']), 3);

  const [first] = await ask(grown!);
  t.is(first!['name'], LIBRARY);
  t.is(Number(first!['growth']), 3 * MIB);

  const near = await ask(limits!);
  t.deepEqual(
    near.map(({host}) => host),
    ['web-2', 'web-2'],
  );
  t.is(Number(near[0]!['regions']), base.regions.length);

  const changed = await ask(release!);
  const {kind} = base.regions[0]!;
  const line = changed.find((row) => row['kind'] === kind)!;
  t.is(Number(line['2026-01-31']) - Number(line['2026-01-30']), MIB);

  const bad = (await ask(writable!)).filter(({name}) => name === LIBRARY);
  t.deepEqual(
    bad.map(({day, host}) => [day, host]),
    [['2026-01-31', 'web-3']],
  );

  const restart = await ask(deleted!);
  t.deepEqual([...new Set(restart.map(({host}) => host))], ['web-1']);
});

test('the queries to the rows of recordings answer what was put into them', async (t) => {
  const place = folder(t);
  const shots = leak().map(({t: time, snapshot}, index) => ({
    t: time,
    snapshot: index % 4 === 1 ? snapshot.withSource({from: 'snapshot' as const, format: 'maps'}) : snapshot,
  }));
  const recording = join(place, 'leak.jsonl');
  writeRecording(recording, shots, {t: 20_000, isExit: true});
  const listing = join(place, 'maps.txt');
  writeFileSync(listing, '00400000-00401000 r-xp 00001000 08:01 7 /bin/leak\n');
  const saved = await memmap(['export', recording, listing, '--format', 'ndjson', '-o', join(place, 'rows.ndjson')]);
  t.is(saved.code, 0, saved.stderr);
  const lines = readFileSync(join(place, 'rows.ndjson'), 'utf8').trimEnd().split('\n');
  for (const line of lines) conforms(t, 'region-row', JSON.parse(line));
  t.is(lines.length, shots.reduce((sum, {snapshot}) => sum + snapshot.regions.length, 0) + 1, 'none of the end');

  const ask = await database(place);
  const [view, byMinute, slopes, unread] = BLOCKS.slice(8) as [string, string, string, string];
  await ask(view);
  const heap = (await ask(byMinute)).filter(({kind}) => kind === 'heap');
  t.deepEqual(
    heap.map(({minute, rss}) => [minute, Number(rss)]),
    [['2026-01-31 12:00:00+00', 21 * MIB]],
  );
  const grows = await ask(slopes);
  t.is(grows.length, 1);
  t.is(grows[0]!['host'], 'machine');
  t.true(Math.abs(Number(grows[0]!['per_minute']) / (60 * MIB) - 1) < 0.01, String(grows[0]!['per_minute']));
  t.is(Number(grows[0]!['samples']), 16);
  const missing = await ask(unread);
  t.deepEqual(
    missing.map((row) => [Number(row['moments']), Number(row['unread'])]),
    [
      [21, 5],
      [0, 0],
    ],
  );
  const sizes = await ask(
    `SELECT sum(size) AS size FROM rows WHERE start::UBIGINT = 4194304 AND "end"::UBIGINT > start::UBIGINT`,
  );
  t.is(Number(sizes[0]!['size']), 21 * MIB + 4096);
});

test('what can not be used of several files is left out, and said', async (t) => {
  const place = folder(t);
  const [good, bad] = [join(place, 'maps.txt'), join(place, 'bad.txt')];
  writeFileSync(good, '00400000-00401000 r-xp 00001000 08:01 7 /bin/leak\n');
  writeFileSync(bad, 'this is not a listing\n');
  const some = await memmap(['export', bad, good, '--format', 'ndjson']);
  t.is(some.code, 5);
  t.regex(some.stderr, /bad\.txt[^]*left out/);
  t.is(some.stdout.split('\n').length, 2);
  t.is((await memmap(['export', bad, '--format', 'ndjson'])).code, 6);
  t.is((await memmap(['export', good, good, '--format', 'csv'])).code, 2);
});
