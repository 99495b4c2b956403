import {spawnSync} from 'node:child_process';
import {closeSync, openSync, readSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import type {Region} from '../../src/model/region.ts';
import type {Listing} from '../../src/parse/listing.ts';
import {parseListing} from '../../src/parse/reader.ts';
import {inPythonsWords, readByPython} from './python-reader.ts';
import {Child, inState} from '../helpers/child.ts';
import {testIf} from '../helpers/tools.ts';

/** A file of /proc, of which each read gives at most a page or so. */
function readProc(path: string): Buffer {
  const file = openSync(path, 'r');
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.alloc(65_536);
    const length = readSync(file, part, 0, part.length, null);
    if (length === 0) break;
    parts.push(part.subarray(0, length));
  }
  closeSync(file);
  return Buffer.concat(parts);
}

/** This process has threads that map memory at any time: a torn listing is read again. */
function readItself(name: string): {raw: Buffer; listing: Listing} {
  for (let tries = 0; ; tries++) {
    const raw = readProc(`/proc/self/${name}`);
    const listing = parseListing(raw, 'proc');
    if (listing.torn === 0 || tries === 20) return {raw, listing};
  }
}

function compare(t: ExecutionContext, listing: Listing, raw: Uint8Array, regions = readByPython(raw).regions): void {
  t.deepEqual(listing.rejected, []);
  t.is(listing.cutShort, undefined);
  t.true(regions.length > 10);
  t.deepEqual(listing.regions.map(inPythonsWords), regions);
}

testIf('python3')("memmap and Python read the same in Python's smaps", (t) => {
  const {raw, regions} = readByPython();
  const listing = parseListing(raw, 'proc');
  t.is(listing.format, 'smaps');
  compare(t, listing, raw, regions);
});

for (const name of ['maps', 'smaps'] as const) {
  testIf('python3')(`memmap and Python read the same in the ${name} of the process that runs this test`, (t) => {
    const {raw, listing} = readItself(name);
    t.is(listing.format, name);
    compare(t, listing, raw);
  });
}

testIf('pmap')('the regions of a sleeping process are those that pmap -X shows, with what is resident', async (t) => {
  const pid = await sleeper(t);
  const {regions} = parseListing(readProc(`/proc/${pid}/smaps`), 'proc');
  const rows = pmap(pid, '-X').map((line) => line.trim().split(/\s+/));
  const titles = rows.find((row) => row[0] === 'Address')!;
  const at = (row: string[], title: string): string => row[titles.indexOf(title)]!;
  const shown = rows.filter((row) => /^[0-9a-f]{8,}$/.test(row[0]!));
  const columns = ['Address', 'Perm', 'Offset', 'Device', 'Inode', 'Size', 'Rss', 'Anonymous', 'Private_Dirty'];
  const present = columns.filter((title) => titles.includes(title));
  t.true(present.length >= 7);
  t.deepEqual(
    regions.map((region) => present.map((title) => ours(region)[title])),
    shown.map((row) => present.map((title) => at(row, title))),
  );
});

testIf('pmap')('the regions of a sleeping process are those that pmap -x shows, with their sizes', async (t) => {
  const pid = await sleeper(t);
  const {regions} = parseListing(readProc(`/proc/${pid}/smaps`), 'proc');
  const shown = pmap(pid, '-x')
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => /^[0-9a-f]{16}$/.test(row[0]!));
  // pmap's mode has five letters: read, write, execute, shared, and one that is always `-`.
  t.deepEqual(
    regions.map(({start, end, perms, usage}) => [
      start.toString(16).padStart(16, '0'),
      (end - start) / 1024,
      usage!.rss! / 1024,
      perms.slice(0, 3),
    ]),
    shown.map((row) => [row[0], Number(row[1]), Number(row[2]), row[4]!.slice(0, 3)]),
  );
});

const kib = (region: Region, counter: string): string => String(region.usage![counter]! / 1024);

const pad = (value: number): string => value.toString(16).padStart(8, '0');

const ours = (region: Region): Record<string, string> => ({
  Address: pad(region.start),
  Perm: region.perms,
  Offset: pad(region.offset!),
  Device: region.dev,
  Inode: region.inode,
  Size: kib(region, 'size'),
  Rss: kib(region, 'rss'),
  Anonymous: kib(region, 'anonymous'),
  Private_Dirty: region.usage!['privateDirty'] === undefined ? '' : kib(region, 'privateDirty'),
});

function pmap(pid: number, option: string): string[] {
  const {stdout, status, stderr} = spawnSync('pmap', [option, `${pid}`], {env: {...process.env, LC_ALL: 'C'}});
  if (status !== 0) throw new Error(stderr.toString());
  return stdout.toString().split('\n');
}

/** A process that sleeps and whose memory no longer changes. */
async function sleeper(t: ExecutionContext): Promise<number> {
  const {pid} = new Child(t, 'sleep', ['300']);
  await inState(pid, 'S', 'sleep');
  return pid;
}
