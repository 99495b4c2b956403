import {countText, sizeText, spanText} from '../../../model/amounts.ts';
import type {Counted} from '../../../procfs/details/counted.ts';
import {safe} from '../../../text/safe.ts';
import type {Limit} from '../../show/limits.ts';
import {roomOf} from '../../show/room.ts';
import type {Facts} from './facts.ts';

/** A limit, and how near it is. Bytes; where `isCount`, regions, open files or tasks. */
export interface LimitLine {
  readonly limit: string;
  readonly used: number;
  readonly max: number;
  /** What counts as used up: of a cgroup without the page cache that can be taken back. */
  readonly bound: number;
  /** ms from now, at the rate that was seen; undefined where nothing was seen to grow. */
  readonly in?: number | undefined;
  /** What happens there. */
  readonly effect: string;
  readonly evidence: string;
  readonly isCount: boolean;
}

const DAY = 86_400_000;

/** Over 80 % of it is used up. */
export const isFull = (line: LimitLine): boolean => partOf(line) > 0.8;

/** Over 80 %, or reached within a day at the rate that was seen. */
export const isNear = (line: LimitLine): boolean => isFull(line) || (line.in !== undefined && line.in <= DAY);

/** Which limit growth reaches first; '' where none is reached within a day. */
export function aheadText(limits: readonly LimitLine[]): string {
  const [first] = limits.filter((line) => !isFull(line) && isNear(line)).sort((a, b) => a.in! - b.in!);
  return first ? ` At this rate ${first.limit} (${amount(first, first.max)}) is full in ${spanText(first.in!)}.` : '';
}

/** How much of it is used up: 0 to 1. */
export const partOf = ({bound, max}: LimitLine): number => (max <= 0 ? 1 : bound / max);

export const amount = ({isCount}: LimitLine, value: number): string => (isCount ? countText(value) : sizeText(value));

/** `RLIMIT_DATA: 98 of 100 MiB (98 %), full in 4 min at this rate`. */
export function limitText(line: LimitLine): string {
  const {limit, used, max} = line;
  const part = max > 0 ? ` (${Math.round((100 * used) / max)} %)` : '';
  const rest = line.bound < used ? `, ${sizeText(used - line.bound)} of it page cache that can be taken back` : '';
  const when = line.in === undefined ? '' : `; full in ${spanText(line.in)} at this rate`;
  return `${limit}: ${amount(line, used)} of ${amount(line, max)}${part}${rest}${when}`;
}

/** What happens at the limit of a cgroup. */
export const OOM = 'the kernel kills a process of it (OOM)';

const EFFECTS: Readonly<Record<string, string>> = {
  RLIMIT_AS: 'mmap and brk fail with ENOMEM',
  RLIMIT_DATA: 'malloc, mmap of private writable memory and brk fail with ENOMEM',
  RLIMIT_STACK: 'a deeper stack ends with SIGSEGV',
  RLIMIT_MEMLOCK: 'mlock fails with ENOMEM',
  'vm.max_map_count': 'mmap, munmap and mprotect fail with ENOMEM',
  RLIMIT_NOFILE: 'open, socket, dup and pipe fail with EMFILE',
  pids: 'fork, clone and new threads fail with EAGAIN',
  'vm.overcommit_memory': 'mmap and brk of all processes fail with ENOMEM',
  cgroup: OOM,
};

/** The limits that apply and of which it is known how much is used; the nearest first. */
export function limitsOf(facts: Facts): LimitLine[] {
  const {snapshot} = facts;
  if (snapshot.table.length === 0) return [];
  const {mapping, regions, locked, touching, stack} = roomOf(snapshot);
  const all = [mapping, regions, locked, touching, stack].flatMap((room) => room?.limits ?? []);
  const seen = new Set<string>();
  return all
    .flatMap((limit) => lineOf(limit, facts))
    .concat(countedLimits(facts.counted))
    .filter(({limit}) => !seen.has(limit) && seen.add(limit))
    .sort((a, b) => Number(isNear(b)) - Number(isNear(a)) || partOf(b) - partOf(a));
}

function lineOf(limit: Limit, facts: Facts): LimitLine[] {
  const {name, value, used, left, path} = limit;
  // A limit that bounds nothing here has nothing left to say; and one call may not ask for more than mode 0 allows.
  // Nor has one of 0 for whoever uses nothing of it: `ulimit -l 0` is usual, and most programs lock nothing.
  if (value == null || used === undefined || left == null || (name === 'vm.overcommit_memory' && limit.mode !== 2))
    return [];
  if (value === 0 && used === 0) return [];
  const cache =
    name === 'cgroup' && path === facts.group?.group.path ? (facts.group?.bill.parts.unmappedCache ?? 0) : 0;
  const bound = Math.max(0, used - cache);
  const rate = rateOf(name, facts);
  return [
    {
      limit: path === undefined ? name : `${limit.file ?? name} of ${safe(path)}`,
      used,
      max: value,
      bound,
      in: rate !== undefined && rate > 0 ? Math.max(0, value - bound) / rate : undefined,
      effect: EFFECTS[name] ?? '',
      evidence: EVIDENCE[name] ?? '',
      isCount: name === 'vm.max_map_count',
    },
  ];
}

const EVIDENCE: Readonly<Record<string, string>> = {
  RLIMIT_AS: '/proc/PID/limits, status VmSize',
  RLIMIT_DATA: '/proc/PID/limits, status VmData',
  RLIMIT_STACK: '/proc/PID/limits, size of [stack]',
  RLIMIT_MEMLOCK: '/proc/PID/limits, status VmLck',
  'vm.max_map_count': '/proc/sys/vm/max_map_count, lines of maps',
  'vm.overcommit_memory': '/proc/meminfo CommitLimit, Committed_AS',
  cgroup: "the cgroup's limit and usage files",
  RLIMIT_NOFILE: '/proc/PID/limits, /proc/PID/fd',
  pids: 'pids.max and pids.current of the cgroup',
};

/** Limits of what is counted, and not memory. */
function countedLimits({files, pids = []}: Counted = {}): LimitLine[] {
  const line = (key: 'RLIMIT_NOFILE' | 'pids', limit: string, used: number, max: number): LimitLine => {
    return {limit, used, max, bound: used, effect: EFFECTS[key]!, evidence: EVIDENCE[key]!, isCount: true};
  };
  return [
    ...(files ? [line('RLIMIT_NOFILE', 'RLIMIT_NOFILE', files.used, files.max)] : []),
    ...pids.map(({path, used, max}) => line('pids', `pids.max of ${safe(path)}`, used, max)),
  ];
}

/** Bytes, or regions, a ms, where it grew steadily; undefined where nothing is known of it. */
function rateOf(name: Limit['name'], {growth, first, snapshot}: Facts): number | undefined {
  if (!growth) return undefined;
  if (name === 'vm.max_map_count') {
    const line = growth.counts.find(({of}) => of === 'regions');
    return line?.verdict === 'steady growth' ? line.slope?.slope : undefined;
  }
  if (growth.total.verdict !== 'steady growth') return undefined;
  if (name === 'cgroup') return growth.total.slope?.slope;
  const key = name === 'RLIMIT_AS' ? 'vmSize' : name === 'RLIMIT_DATA' ? 'vmData' : undefined;
  if (key === undefined || !first || first.ms <= 0) return undefined;
  const [before, after] = [first.status[key], snapshot.status[key]];
  return typeof before === 'number' && typeof after === 'number' ? (after - before) / first.ms : undefined;
}
