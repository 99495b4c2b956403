import fc from 'fast-check';
import type {Kind} from '../../../src/model/kind.ts';
import type {Region} from '../../../src/model/region.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';
import {recordingFrom, type Recording} from '../../../src/recording/recording.ts';
import {RecordingWriter} from '../../../src/recording/writer.ts';
import {headerOf} from '../../recording/recorder.ts';

const PAGE = 4096;

/** A place in memory at which there may be a region: it has room for so many pages. */
const ROOM = 8;
const PLACES = 12;

/** What is at a place. */
interface Tenant {
  readonly from: number;
  readonly pages: number;
  readonly perms: string;
  readonly name: string;
  readonly kind: Kind;
  readonly label: string | undefined;
  readonly rss: number;
  readonly flags: readonly string[];
}

const tenant: fc.Arbitrary<Tenant> = fc.record({
  from: fc.constantFrom(0, 0, 0, 2),
  pages: fc.integer({min: 1, max: ROOM - 2}),
  perms: fc.constantFrom('rw-p', 'rw-p', 'r--p', '---p', 'rw-s'),
  name: fc.constantFrom('', '', '[heap]', '/lib/a.so', '/lib/b.so', '[anon:x]'),
  kind: fc.constantFrom<Kind>('anon', 'heap', 'file', 'data'),
  label: fc.constantFrom(undefined, undefined, 'arena 1', 'arena 2'),
  rss: fc.nat(ROOM),
  flags: fc.constantFrom(['rd', 'mr'], ['rd', 'mr'], ['rd', 'mr', 'dc']),
});

/** One sample: what became of some of the places, and what was read. */
const step = fc.record({
  edits: fc.array(fc.tuple(fc.nat(PLACES - 1), fc.option(tenant, {freq: 3, nil: undefined})), {maxLength: 4}),
  touched: fc.array(fc.tuple(fc.nat(PLACES - 1), fc.nat(ROOM)), {maxLength: 3}),
  isMeasured: fc.boolean(),
  event: fc.constantFrom('look', 'look', 'look', 'look', 'look', 'look', 'exec', 'mark'),
  isIdle: fc.boolean(),
});

/** Recordings of processes whose regions come, go, grow, move and are touched, as a recorder writes them. */
export const lives: fc.Arbitrary<Recording> = fc.array(step, {minLength: 2, maxLength: 40}).map((steps) => {
  let ms = 0;
  const lines: Buffer[] = [];
  const clock = {now: () => ms, wall: () => 1_700_000_000_000 + ms};
  const packer = {add: async (line: Buffer) => void lines.push(line), finish: async () => {}};
  let tenants: ReadonlyArray<Tenant | undefined> = [];
  let writer: RecordingWriter | undefined;
  for (const {edits, touched, isMeasured, event, isIdle} of steps) {
    const next = Array.from({length: PLACES}, (_, place) => tenants[place]);
    for (const [place, come] of edits) next[place] = come;
    for (const [place, rss] of touched) next[place] = next[place] && {...next[place], rss};
    tenants = next;
    const snapshot = snapshotOf(tenants, isMeasured);
    writer ??= new RecordingWriter(packer, headerOf(snapshot, new Date(clock.wall()).toISOString()), clock);
    void (event === 'exec' ? writer.exec(snapshot, snapshot.status, 1) : writer.look(snapshot, snapshot.status, 1));
    if (event === 'mark') void writer.mark('here');
    ms += 100;
    for (let idle = isIdle ? 30 : 0; idle > 0; idle--, ms += 100) void writer.look(snapshot, snapshot.status, 1);
  }
  void writer!.end('count', {});
  return recordingFrom(Buffer.concat(lines));
});

function snapshotOf(tenants: ReadonlyArray<Tenant | undefined>, isMeasured: boolean): Snapshot {
  const regions = tenants.flatMap((each, place) => (each ? [regionOf(each, place, isMeasured)] : []));
  const format = isMeasured ? 'smaps' : 'maps';
  const vmRss = tenants.reduce((sum, each) => sum + (each?.rss ?? 0) * PAGE, 0);
  const process = {pid: 7, startTime: 5, bootId: 'b', comm: 'life', state: vmRss % (3 * PAGE) === 0 ? 'R' : 'S'};
  return new Snapshot({
    source: {from: 'process', format},
    regions,
    process,
    status: {vmRss, threads: 1 + (vmRss % 2), state: process.state},
    clues: {pageSize: PAGE, machine: {committed: vmRss}},
  });
}

function regionOf(
  {from, pages, perms, name, kind, label, rss, flags}: Tenant,
  place: number,
  isMeasured: boolean,
): Region {
  const start = 0x400000 + (place * ROOM + from) * PAGE;
  const isFile = name.startsWith('/');
  const resident = Math.min(rss, pages) * PAGE;
  const usage = {size: pages * PAGE, rss: resident, pss: resident, anonymous: isFile ? 0 : resident, swap: 0};
  return {
    start,
    end: start + pages * PAGE,
    perms,
    offset: 0,
    dev: isFile ? 'fd:00' : '00:00',
    inode: isFile ? '7' : '0',
    name,
    kind,
    label,
    ...(isMeasured && {usage, flags}),
  };
}
