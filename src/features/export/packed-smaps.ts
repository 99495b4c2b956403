import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import type {Recording} from '../../recording/recording.ts';
import {withProgress} from '../../shell/output.ts';
import {Message} from './protobuf.ts';

/*
 * A trace in Perfetto's own format: protos/perfetto/trace of github.com/google/perfetto. A trace is a series of packets
 * (field 1); what is in one has the field number of its kind.
 */

const PACKET = 1;
const PROCESS_TREE = 2;
const CLOCK_SNAPSHOT = 6;
const TIMESTAMP = 8;
const PROCESS_STATS = 9;
const SEQUENCE = 10;
const CLOCK = 58;
const SMAPS_PACKET = 68;

/** CLOCK_REALTIME among the clocks that a packet may name. */
const REALTIME = 1;

/** So the importer takes the figures as they are. */
const RECORDING_TYPE_STANDALONE = 1;

/** The counters of PackedSmaps, and their fields. */
const COUNTERS = {
  rss: 5,
  anonymous: 6,
  swap: 7,
  sharedClean: 8,
  sharedDirty: 9,
  privateClean: 10,
  privateDirty: 11,
  locked: 12,
  pss: 13,
  pssDirty: 14,
  swapPss: 15,
} as const;

/** Lines of status, and their fields in ProcessStats.Process. */
const STATS = {vmSize: 2, vmRss: 3, rssAnon: 4, rssFile: 5, rssShmem: 6, vmSwap: 7, vmLck: 8, vmHwm: 9} as const;

/** Says that times are those of the day. @param wall ms since 1970 */
function clock(wall: number): Uint8Array {
  const now = new Message().varint(1, REALTIME).varint(2, nanoseconds(wall));
  const snapshot = new Message().message(1, now).varint(2, REALTIME);
  return new Message().message(PACKET, new Message().varint(SEQUENCE, 1).message(CLOCK_SNAPSHOT, snapshot)).finish();
}

/** The packets of one snapshot. @throws Trouble `input` if it does not say when it was taken */
function snapshotPackets(snapshot: Snapshot, name: string | undefined): Generator<Uint8Array> {
  const wall = Date.parse(snapshot.takenAt ?? '');
  if (Number.isNaN(wall)) throw withoutTime(name);
  return packetsAt(snapshot, wall);
}

function* packetsAt(snapshot: Snapshot, wall: number): Generator<Uint8Array> {
  yield clock(wall);
  yield tree(snapshot, wall);
  yield* moment(snapshot, snapshot.status, wall);
}

/** The packets of a recording: what status said at each moment, and smaps where it was read. @throws Trouble `input` */
function* recordingPackets(recording: Recording): Generator<Uint8Array> {
  const begin = Date.parse(recording.header.startedAt);
  yield clock(begin);
  let isBegun = false;
  for (const {moment: at, snapshot} of withProgress('Writing', recording.snapshots(), recording.count)) {
    // When the end was seen, nothing was there any more.
    if (at.event === 'exit') continue;
    if (!isBegun || at.event === 'exec') yield tree(snapshot, begin + at.t);
    isBegun = true;
    yield* moment(snapshot, recording.status(at.index), begin + at.t);
  }
}

/** The format perfetto-trace. */
export const TRACE = {recording: recordingPackets, snapshot: snapshotPackets};

const withoutTime = (name = 'this listing'): Trouble =>
  new Trouble({
    kind: 'input',
    what: `${name} can't be put into a trace.`,
    why: 'it does not say when it was taken.',
    next: 'Give a snapshot (memmap snapshot) or a recording.',
  });

function tree({process}: Snapshot, wall: number): Uint8Array {
  const {pid = 0, ppid, exe, comm = '', uid} = process;
  const each = new Message().varint(1, pid);
  if (ppid !== undefined) each.varint(2, ppid);
  each.text(3, exe ?? comm);
  if (uid !== undefined) each.varint(5, uid);
  return packet(wall, PROCESS_TREE, new Message().message(1, each));
}

function* moment(snapshot: Snapshot, status: Snapshot['status'], wall: number): Generator<Uint8Array> {
  const {pid = 0} = snapshot.process;
  const stats = new Message().varint(1, pid);
  for (const [key, field] of Object.entries(STATS)) {
    const bytes = status[key];
    if (typeof bytes === 'number') stats.varint(field, kilobytes(bytes));
  }
  yield packet(wall, PROCESS_STATS, new Message().message(1, stats));
  // Without counters there is nothing but sizes, and what is left out would be taken for 0.
  if (!snapshot.hasCounter('rss')) return;
  const smaps = new Message().varint(1, pid).message(3, packedSmaps(snapshot));
  yield packet(wall, SMAPS_PACKET, smaps);
}

/** A column for each counter, of all regions in their order; those that no region has are left out. */
function packedSmaps(snapshot: Snapshot): Message {
  const {regions} = snapshot;
  const places = new Map([['', 0]]);
  const names = regions.map(({name}) => {
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  });
  const packed = new Message();
  for (const name of places.keys()) packed.text(1, name);
  packed.packed(2, names).packed(
    4,
    regions.map(({start, end}) => kilobytes(end - start)),
  );
  for (const [key, field] of Object.entries(COUNTERS)) {
    const known = regions.some(({usage}) => usage?.[key] !== undefined);
    if (known)
      packed.packed(
        field,
        regions.map(({usage}) => kilobytes(usage?.[key] ?? 0)),
      );
  }
  return packed.varint(16, RECORDING_TYPE_STANDALONE);
}

const packet = (wall: number, field: number, data: Message): Uint8Array =>
  new Message()
    .message(
      PACKET,
      new Message()
        .varint(TIMESTAMP, nanoseconds(wall))
        .varint(CLOCK, REALTIME)
        .varint(SEQUENCE, 1)
        .message(field, data),
    )
    .finish();

/** Exact to 256 ns, which a double of that size has. */
const nanoseconds = (ms: number): number => Math.round(ms) * 1e6;

const kilobytes = (bytes: number): number => Math.round(bytes / 1024);
