/*
 * A ring: what the kernel shares with who maps the descriptor of a perf event (perf_event_open(2), "MMAP layout"). The
 * first page is struct perf_event_mmap_page; a power of two of pages with records follow. The kernel writes at the
 * head; who has read moves the tail. Both count bytes from the start, and only grow.
 */
import {type Call, send} from '../hand/hand.ts';

/** Where in the first page data_head and data_tail are. */
export const RING_HEAD = 1024;
export const RING_TAIL = 1032;

export const PROT_READ_WRITE = 3;
export const MAP_SHARED = 1;

/** perf_event_open(2) */
export const PERF_FD_CLOEXEC = 8;
export const PERF_PID_CGROUP = 4;

/** ioctl(2): lets an event begin; has it write into the ring of another one; tells its id (_IOR('$', 7, u64)). */
export const IOC_ENABLE = 0x2400;
export const IOC_SET_OUTPUT = 0x2405;
export const IOC_ID = 0x80082407;

/** A ring in the hand's memory. */
export interface Ring {
  readonly cpu: number;
  /** The event that it belongs to. */
  readonly fd: number;
  /** The address of the first page. */
  readonly base: number;
  /** Bytes of records. */
  readonly size: number;
  readonly pageSize: number;
  /** For samples with stacks. */
  readonly isBulky: boolean;
  /** How far it was read. */
  tail: number;
}

/** What has to be read of a ring up to `head`. */
export interface Reading {
  /** Calls that send it, in order. */
  readonly sends: readonly Call[];
  /** The call that gives the room back to the kernel, once it was sent. */
  readonly release: Call;
  /** In bytes. */
  readonly size: number;
}

/** @returns undefined if there is nothing new, or the head makes no sense */
export function readingOf({base, size, pageSize, tail}: Ring, head: number): Reading | undefined {
  const length = head - tail;
  if (length <= 0 || length > size) return undefined;
  const from = tail % size;
  const first = Math.min(length, size - from);
  const sends = [send(base + pageSize + from, first)];
  if (length > first) sends.push(send(base + pageSize, length - first));
  return {sends, release: release(base, head), size: length};
}

/** Gives a ring's room back to the kernel, up to `head`. */
export const release = (base: number, head: number): Call => ['store', base + RING_TAIL, head];
