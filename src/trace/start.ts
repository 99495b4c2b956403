/*
 * Opens what is watched: finds out what may be, chooses the events, and opens them for all threads.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {noSuchProcess} from '../procfs/trouble.ts';
import {coverThreads} from './cover.ts';
import {Decoder} from './decode.ts';
import {Delivery} from './delivery.ts';
import {fileFacts, IS_32_BIT} from './file-facts.ts';
import {groupOf} from './group.ts';
import {type Hand, RLIMIT_NOFILE} from './hand/hand.ts';
import {REGISTERS} from './machine.ts';
import {Drain} from './perf/drain.ts';
import {OpenEvents, Refused} from './perf/opened.ts';
import type {Record} from './perf/records.ts';
import {findTracepoints} from './perf/tracepoints.ts';
import {type Extent, plan, type Wishes} from './plan.ts';
import {lockable, ringSizes} from './room.ts';
import {type Means, probe} from './probe.ts';
import type {TraceOptions} from './events.ts';
import {noTracepointsFor, standing} from './why-not.ts';

/** What is ready to be read. */
interface Opened {
  readonly events: OpenEvents;
  readonly drain: Drain;
  readonly delivery: Delivery;
  readonly notes: readonly string[];
  /** Another hand that is to be closed with the first. */
  readonly helper: Hand | undefined;
}

interface Machine {
  readonly monotonic: () => number;
  /** In bytes. */
  readonly pageSize: number;
}

/** Bytes of a stack, by default. */
const STACK_BYTES = 16 * 1024;

/** Above this many, opening takes a second, and closing several. */
const MOST_DESCRIPTORS = 5000;

/** Descriptors that the hand has beside events. */
const OTHERS = 16;

/** How many events a new thread should inherit at most, of all processors: it takes 2 ms or so. */
const INHERITED = 128;

const EMFILE = 24;

/** @throws Refused, Trouble */
export async function openFor(
  hand: Hand,
  pid: number,
  options: TraceOptions,
  {monotonic, pageSize}: Machine,
): Promise<Opened> {
  const means = await probe(hand, pid);
  if (!means) throw noSuchProcess(pid);
  const {tracepoints, helper} = await findTracepoints(hand);
  try {
    if (!tracepoints.has('mmap')) throw noTracepointsFor(pid, standing());
    return {...(await openAll(hand, pid, options, {monotonic, pageSize, tracepoints, ...means})), helper};
  } catch (error) {
    helper?.close();
    throw error;
  }
}

// --- internal ---

async function openAll(
  hand: Hand,
  pid: number,
  options: TraceOptions,
  {monotonic, pageSize, tracepoints, ...means}: Machine & Means & Pick<Wishes, 'tracepoints'>,
): Promise<Omit<Opened, 'helper'>> {
  const cpus = onlineCpus();
  const {architecture} = hand;
  const seesEnter = options.seesEnter === true || !REGISTERS[architecture].keepsFirst;
  const faultsEvery = options.faultsEvery ?? 0;
  const stackBytes = options.stackBytes ?? STACK_BYTES;
  const onlyThreads = options.withChildren !== true && means.knowsThreads;
  const wishes = {architecture, tracepoints, stackBytes, faultsEvery, seesEnter, onlyThreads, ...means};
  const choice = await choose(hand, pid, wishes, cpus.length, options.mostDescriptors ?? MOST_DESCRIPTORS);
  const rings = ringSizes(cpus.length, await lockable(hand, cpus.length), pageSize);
  const events = new OpenEvents(hand, plan({...wishes, ...choice}), {pageSize, ...rings});
  const formatOf = (id: number) => events.of(id)?.event.format;
  const drain = new Drain(hand, events.rings, formatOf, monotonic() / 1e6);
  const early: Record[] = [];
  const drained = async (): Promise<readonly Record[]> => {
    const {records} = await drain.next(monotonic() / 1e6);
    for (const record of records) early.push(record);
    return records;
  };
  const {mayDouble} = choice.folder
    ? await openGroup(hand, choice.folder, events, cpus)
    : await coverThreads({events, cpus, list: () => threadsOf(pid), drain: drained, now: monotonic});
  const isLimited = await hand.limit();
  const decoder = new Decoder(architecture, seesEnter);
  const onlyFamilyOf = choice.isGroup ? pid : undefined;
  const {onEvent} = options;
  const delivery = new Delivery({onEvent, events, decoder, mayDouble, onlyFamilyOf, faultsEvery});
  delivery.add(early, 0);
  return {events, drain, delivery, notes: notesOf(pid, choice, {isLimited, ...means}, faultsEvery)};
}

interface Choice {
  readonly extent: Extent;
  readonly isGroup: boolean;
  /** Of the cgroup. */
  readonly folder?: string;
}

/** Which calls, and by what: threads, or a cgroup. Raises the limit of descriptors as far as it goes. */
async function choose(
  hand: Hand,
  pid: number,
  wishes: Omit<Wishes, 'extent' | 'isGroup'>,
  cpus: number,
  most: number,
): Promise<Choice> {
  const threads = threadsOf(pid).length;
  const needed = (extent: Extent): number => threads * cpus * plan({...wishes, extent, isGroup: false}).length;
  const limit = (await hand.raiseLimit(RLIMIT_NOFILE, Math.max(needed('all'), most) * 2 + OTHERS)) - OTHERS;
  const within = (most: number, ...extents: Extent[]): Choice | undefined => {
    const extent = extents.find((each) => needed(each) <= most);
    return extent && {extent, isGroup: false};
  };
  const light = INHERITED * threads;
  const modest = within(Math.min(most, limit, light), 'all', 'common') ?? within(Math.min(most, limit), 'bare');
  if (modest) return modest;
  const folder = wishes.isPlain ? undefined : groupOf(pid);
  if (folder !== undefined) return {extent: 'all', isGroup: true, folder};
  const large = within(limit, 'common', 'bare');
  if (!large) throw new Refused('process', EMFILE);
  return large;
}

/** Every process of a cgroup, on each processor. */
async function openGroup(
  hand: Hand,
  folder: string,
  events: OpenEvents,
  cpus: readonly number[],
): Promise<{mayDouble: boolean}> {
  const path = new TextEncoder().encode(`${folder}\0`);
  const {results} = await hand.batch([['openat', AT_FDCWD, hand.buffer, O_RDONLY_CLOEXEC]], path);
  const fd = results[0]!;
  if (fd < 0) throw new Refused('process', -fd);
  await events.open(fd, cpus, true);
  await hand.batch([['close', fd]]);
  return {mayDouble: false};
}

const AT_FDCWD = -100;
const O_RDONLY_CLOEXEC = 0o2000000;

/** `0-3,8`: cpus(7) in /sys/devices/system/cpu/online. */
function onlineCpus(): number[] {
  const text = readFileSync('/sys/devices/system/cpu/online', 'latin1').trim();
  return text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({length: last - first + 1}, (_, i) => first + i);
  });
}

/** None if the process is gone. */
function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

interface Facts {
  readonly isLimited: boolean;
  readonly isPlain: boolean;
}

function notesOf(pid: number, choice: Choice, {isLimited, isPlain}: Facts, faultsEvery: number): string[] {
  return [
    ...(choice.folder
      ? [`It has so many threads that all of its cgroup is watched: ${choice.folder}.`]
      : choice.extent === 'all'
        ? []
        : ['It has so many threads that only mmap, munmap, brk, mprotect, mremap and madvise are watched.']),
    ...(choice.extent === 'bare'
      ? ['There are too few descriptors to see every call where they come in a storm.']
      : []),
    ...(isPlain && faultsEvery > 0
      ? ['Without CAP_PERFMON, page faults that the kernel itself takes, such as in read(2), are not counted.']
      : []),
    ...(fileFacts(`/proc/${pid}/exe`).is32Bit ? [IS_32_BIT] : []),
    ...(isLimited ? [] : ['This kernel has no seccomp filters: the helper that reads perf events is not limited.']),
  ];
}
