import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import protobuf from 'protobufjs';
import {python} from '../../helpers/child.ts';
import {memmap, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';
import {writeRecording} from '../report/recorder.ts';
import {leak, MIB} from '../report/scenes.ts';

/**
 * The fields that a trace of ours has, with the numbers and types of protos/perfetto/trace: trace_packet.proto,
 * clock_snapshot.proto, ps/process_tree.proto, ps/process_stats.proto, profiling/smaps.proto.
 */
const PROTO = `
syntax = "proto2";
message Trace { repeated Packet packet = 1; }
message Packet {
  optional Tree process_tree = 2;
  optional Clocks clock_snapshot = 6;
  optional uint64 timestamp = 8;
  optional Stats process_stats = 9;
  optional uint32 trusted_packet_sequence_id = 10;
  optional uint32 timestamp_clock_id = 58;
  optional Smaps smaps_packet = 68;
}
message Clocks {
  message Clock { optional uint32 clock_id = 1; optional uint64 timestamp = 2; }
  repeated Clock clocks = 1;
  optional uint32 primary_trace_clock = 2;
}
message Tree {
  message Process { optional int32 pid = 1; optional int32 ppid = 2; repeated string cmdline = 3; optional int32 uid = 5; }
  repeated Process processes = 1;
}
message Stats {
  message Process {
    optional int32 pid = 1; optional uint64 vm_size_kb = 2; optional uint64 vm_rss_kb = 3; optional uint64 vm_hwm_kb = 9;
  }
  repeated Process processes = 1;
}
message Smaps { optional uint32 pid = 1; optional Packed packed_entries = 3; }
message Packed {
  repeated string string_table = 1;
  repeated uint32 name_id = 2 [packed = true];
  repeated uint64 size_kb = 4 [packed = true];
  repeated uint64 rss_kb = 5 [packed = true];
  repeated uint64 anonymous_kb = 6 [packed = true];
  repeated uint64 swap_kb = 7 [packed = true];
  repeated uint64 private_dirty_kb = 11 [packed = true];
  repeated uint64 pss_kb = 13 [packed = true];
  optional uint32 recording_type = 16;
}`;

interface Packed {
  readonly stringTable: readonly string[];
  readonly nameId: readonly number[];
  readonly sizeKb: readonly number[];
  readonly rssKb: readonly number[];
  readonly privateDirtyKb: readonly number[];
  readonly pssKb: readonly number[];
  readonly recordingType: number;
}

interface Packet {
  readonly timestamp?: number;
  readonly timestampClockId?: number;
  readonly trustedPacketSequenceId: number;
  readonly processTree?: {
    readonly processes: ReadonlyArray<{readonly pid: number; readonly cmdline: readonly string[]}>;
  };
  readonly processStats?: {readonly processes: ReadonlyArray<{readonly pid: number; readonly vmRssKb: number}>};
  readonly clockSnapshot?: {
    readonly clocks: ReadonlyArray<{readonly clockId: number}>;
    readonly primaryTraceClock: number;
  };
  readonly smapsPacket?: {readonly pid: number; readonly packedEntries: Packed};
}

/** A trace as an independent reader of Protocol Buffers has it. */
function packetsIn(path: string): Packet[] {
  const type = protobuf.parse(PROTO).root.lookupType('Trace');
  const trace = type.toObject(type.decode(readFileSync(path)), {longs: Number}) as {readonly packet: Packet[]};
  return trace.packet;
}

testIf('python3')('a snapshot as a trace has each region of smaps, in kB', async (t) => {
  const child = await python(t);
  await child.ask(`k = mmap.mmap(-1, ${9 * MIB}); k.write(b"x" * ${9 * MIB})`);
  const place = folder(t);
  const [snapshot, trace] = [join(place, 's.json'), join(place, 's.pftrace')];
  t.is((await memmap(['snapshot', String(child.pid), '-o', snapshot])).code, 0);
  const saved = await memmap(['export', snapshot, '--format', 'perfetto-trace', '-o', trace]);
  t.is(saved.code, 0, saved.stderr);
  const packets = packetsIn(trace);
  t.true(packets.every(({trustedPacketSequenceId}) => trustedPacketSequenceId > 0));
  t.deepEqual(packets[0]!.clockSnapshot!.primaryTraceClock, 1);
  t.is(packets[1]!.processTree!.processes[0]!.pid, child.pid);
  const {packedEntries: packed, pid} = packets.find(({smapsPacket}) => smapsPacket)!.smapsPacket!;
  t.is(pid, child.pid);
  t.is(packed.recordingType, 1, 'RECORDING_TYPE_STANDALONE');
  t.is(packed.stringTable[0], '');
  const document = JSON.parse(readFileSync(snapshot, 'utf8')) as {
    takenAt: string;
    regions: Array<{name: string; size: number; usage: Record<string, number>}>;
  };
  t.is(Math.round(packets.at(-1)!.timestamp! / 1e6), Date.parse(document.takenAt));
  t.deepEqual(
    packed.nameId.map((id) => packed.stringTable[id]),
    document.regions.map(({name}) => name),
  );
  t.deepEqual(
    packed.sizeKb.map((kb) => kb * 1024),
    document.regions.map(({size}) => size),
  );
  for (const [column, key] of [
    [packed.rssKb, 'rss'],
    [packed.privateDirtyKb, 'privateDirty'],
    [packed.pssKb, 'pss'],
  ] as const)
    t.deepEqual(
      column,
      document.regions.map(({usage}) => Math.round((usage[key] ?? 0) / 1024)),
      key,
    );
});

test('a recording as a trace has status at each moment, and smaps where it was read', async (t) => {
  const place = folder(t);
  const path = join(place, 'leak.jsonl');
  const shots = leak().map(({t: time, snapshot}, index) => ({
    t: time,
    snapshot: index % 4 === 1 ? snapshot.withSource({from: 'snapshot' as const, format: 'maps'}) : snapshot,
  }));
  writeRecording(path, shots, {t: 20_000, isExit: true});
  const trace = join(place, 'leak.pftrace');
  t.is((await memmap(['export', path, '--format', 'perfetto-trace', '-o', trace])).code, 0);
  const packets = packetsIn(trace);
  const rss = packets.flatMap(({processStats}) => processStats?.processes[0]!.vmRssKb ?? []);
  t.deepEqual(
    rss,
    shots.map(({snapshot}) => Number(snapshot.status['vmRss']) / 1024),
  );
  const smaps = packets.filter(({smapsPacket}) => smapsPacket);
  t.is(smaps.length, 16);
  const begin = Date.parse('2026-01-31T12:00:00.000Z');
  t.deepEqual(
    smaps.slice(0, 2).map(({timestamp}) => Math.round(timestamp! / 1e6) - begin),
    [0, 2000],
  );
  t.deepEqual(packets[1]!.processTree!.processes[0]!.cmdline, ['/bin/leak']);
});

test('what has no time is no part of a trace, and a trace needs a file', async (t) => {
  const place = folder(t);
  const listing = join(place, 'maps.txt');
  writeFileSync(listing, '00400000-00401000 r-xp 00001000 08:01 7 /bin/leak\n');
  const ran = await memmap(['export', listing, '--format', 'perfetto-trace', '-o', join(place, 'x')]);
  t.is(ran.code, 6);
  t.regex(ran.stderr, /does not say when it was taken/);
  t.is((await memmap(['export', listing, '--format', 'perfetto-trace'])).code, 2);
});

testIf('go', 'python3')('go tool pprof reads the memory of a process by kind, file and region', async (t) => {
  const child = await python(t);
  await child.ask(`k = mmap.mmap(-1, ${21 * MIB}); k.write(b"x" * ${21 * MIB})`);
  const place = folder(t);
  const [snapshot, profile] = [join(place, 's.json'), join(place, 'profile.pb')];
  t.is((await memmap(['snapshot', String(child.pid), '-o', snapshot])).code, 0);
  const saved = await memmap(['export', snapshot, '--format', 'pprof', '-o', profile]);
  t.is(saved.code, 0, saved.stderr);
  const {regions} = JSON.parse(readFileSync(snapshot, 'utf8')) as {
    regions: Array<{kind: string; size: number; usage: Record<string, number>}>;
  };
  const sum = (key: string, kind?: string): number =>
    regions.filter((each) => kind === undefined || each.kind === kind).reduce((all, {usage}) => all + usage[key]!, 0);
  const env = {HOME: place, PPROF_TMPDIR: place};
  for (const [index, key] of [
    ['rss', 'rss'],
    ['pss', 'pss'],
    ['privateDirty', 'privateDirty'],
  ] as const) {
    const words = ['tool', 'pprof', '-top', '-cum', '-unit=B', `-sample_index=${index}`, '-nodecount=500', profile];
    const {stdout, stderr, code} = await run('go', words, {env});
    t.is(code, 0, stderr);
    t.regex(stdout, new RegExp(`^Type: ${index}$`, 'm'));
    t.regex(stdout, new RegExp(`of ${sum(key)}B total`), stdout.slice(0, 400));
    t.regex(stdout, new RegExp(`^ +0 +0% +\\S+ +${sum(key, 'anon')}B +\\S+% +anon$`, 'm'));
  }
  const shown = await run('go', ['tool', 'pprof', '-top', profile], {env});
  t.regex(shown.stdout, /^Type: rss$/m, 'resident memory, unless another is asked for');
});

test('a recording without causes is no profile, and one moment of it is', async (t) => {
  const place = folder(t);
  const path = join(place, 'leak.jsonl');
  writeRecording(path, leak(3), {t: 3000});
  t.is((await memmap(['export', path, '--format', 'pprof', '-o', join(place, 'a.pb')])).code, 6);
  const one = await memmap(['export', `${path}#2`, '--format', 'pprof', '-o', join(place, 'b.pb')]);
  t.is(one.code, 0, one.stderr);
  t.true(readFileSync(join(place, 'b.pb')).includes('[heap]'));
});
