/*
 * Finds the ids of tracepoints where tracefs may not be read: a plain user may watch system calls of processes of his
 * own, if he knows their ids (perf_event_paranoid up to 2; TRACE_EVENT_FL_CAP_ANY in kernel/trace/trace_syscalls.c). A
 * second hand opens all ids that it may, makes each call once, with arguments that do nothing, and reads in its ring
 * which id has fired.
 */
import {MEMORY_CALLS, numberOf, type Tracepoint, type Tracepoints} from '../calls.ts';
import {type Call, Hand, HandGone, RLIMIT_NOFILE, send} from '../hand/hand.ts';
import {pageSizeHere} from '../../procfs/pages/pagemap.ts';
import {ALWAYS, ATTR_SIZE, attrBytes, SAMPLE, TYPE} from './attr.ts';
import {parseRecords} from './records.ts';
import {IOC_SET_OUTPUT, PERF_FD_CLOEXEC, PROT_READ_WRITE, MAP_SHARED, RING_HEAD} from './ring.ts';

/** The highest id that is tried, and how many at once. Today's kernels have about 2,500 tracepoints. */
const MOST = 4096;
const STEP = 512;

/** prctl(2): the calling process's own events. */
const PR_TASK_PERF_EVENTS_DISABLE = 31;
const PR_TASK_PERF_EVENTS_ENABLE = 32;

/** Pages of records. */
const RING_PAGES = 64;

const ALL_ONES = -1;

/**
 * Arguments with which each call fails or does nothing: an address within a page, no length, and no flag, PID
 * or id that there is.
 */
const HARMLESS: Readonly<Record<string, readonly number[]>> = {
  mmap: [0, 0],
  brk: [0],
  mlock: [0, 0],
  munlock: [0, 0],
  mlockall: [0],
  shmat: [ALL_ONES],
  prctl: [ALL_ONES],
  io_setup: [0, 0],
  io_destroy: [0],
};
const OTHERS = [1, 0, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES];

export interface Found {
  /** Empty where this user may watch none. */
  readonly tracepoints: Tracepoints;
  /**
   * The hand that found them, to be closed at the end. The kernel takes half a minute to take its events down, and in
   * that time nobody gets or inherits a tracepoint quickly (event_mutex, and an RCU grace period for each): a watched
   * process would take 40 ms for each thread that it makes.
   */
  readonly helper: Hand | undefined;
}

/** It takes about 150 ms. */
export async function experiment(): Promise<Found> {
  const helper = await Hand.start();
  try {
    return {tracepoints: await tryAll(helper), helper};
  } catch (error) {
    helper.close();
    if (error instanceof HandGone) return {tracepoints: new Map(), helper: undefined};
    throw error;
  }
}

async function tryAll(hand: Hand): Promise<Tracepoints> {
  const fds = await openAll(hand, await hand.raiseLimit(RLIMIT_NOFILE, MOST + 16));
  const first = fds[0];
  if (first === undefined) return new Map();
  const page = pageSizeHere();
  const {results: mapped} = await hand.batch([
    ['mmap', 0, (1 + RING_PAGES) * page, PROT_READ_WRITE, MAP_SHARED, first, 0],
  ]);
  const ring = mapped[0]!;
  if (ring < 0) return new Map();
  await hand.batch(fds.slice(1).map((fd): Call => ['ioctl', fd, IOC_SET_OUTPUT, first]));
  const calls = MEMORY_CALLS.flatMap((call) => {
    const number = numberOf(call, hand.architecture);
    return number === null ? [] : [{name: call.name, number}];
  });
  const {results} = await hand.batch([
    ['prctl', PR_TASK_PERF_EVENTS_ENABLE],
    ...calls.map(({name, number}): Call => [{number}, ...(HARMLESS[name] ?? OTHERS)]),
    ['prctl', PR_TASK_PERF_EVENTS_DISABLE],
    ['load', ring + RING_HEAD],
  ]);
  const size = Math.min(results.at(-1)!, RING_PAGES * page);
  const {data} = await hand.batch([send(ring + page, size)], undefined, size);
  return firedIn(data, new Map(calls.map(({name, number}) => [number, name])));
}

/** Opens events for all ids that it may, disabled. @returns their descriptors */
async function openAll(hand: Hand, most: number): Promise<number[]> {
  const fds: number[] = [];
  for (let from = 1; from < MOST && fds.length < most - 16; from += STEP) {
    const ids = Array.from({length: STEP}, (_, i) => from + i);
    const attrs = Buffer.concat(ids.map((id) => attrBytes({...ATTR, config: id})));
    const open = (_: number, i: number): Call => [
      'perf_event_open',
      hand.buffer + i * ATTR_SIZE,
      0,
      -1,
      -1,
      PERF_FD_CLOEXEC,
    ];
    const {results} = await hand.batch(ids.map(open), attrs);
    fds.push(...results.filter((fd) => fd >= 0));
  }
  return fds;
}

const ATTR = {
  type: TYPE.tracepoint,
  period: 1,
  sample: ALWAYS | SAMPLE.raw,
  flags: ['disabled', 'excludeKernel', 'excludeHypervisor'],
  registers: 0n,
  stack: 0,
  wakeup: 0,
} as const;

/** Each call fires twice: as it begins, and as it returns. Both have its number after the common fields. */
function firedIn(ring: Uint8Array, names: ReadonlyMap<number, string>): Tracepoints {
  const fired = new Map<string, number[]>();
  for (const record of parseRecords(ring, () => ({sample: ATTR.sample, registers: 0})).records) {
    if (record.type !== 'sample' || !record.raw || record.raw.length < 16) continue;
    const view = new DataView(record.raw.buffer, record.raw.byteOffset, record.raw.byteLength);
    const name = names.get(view.getInt32(8, true));
    if (name !== undefined) fired.set(name, [...(fired.get(name) ?? []), view.getUint16(0, true)]);
  }
  const pairs = [...fired].flatMap(([name, [enter, exit, ...more]]): [string, Tracepoint][] =>
    enter === undefined || exit === undefined || more.length > 0 ? [] : [[name, {enter, exit}]],
  );
  return new Map(pairs);
}
