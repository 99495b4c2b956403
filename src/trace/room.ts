/*
 * How large the rings are. They are memory that the kernel can't swap out, so that a user may have only some of it.
 */
import {textIfThere} from '../procfs/open.ts';
import type {Hand} from './hand/hand.ts';
import {standing} from './why-not.ts';

/** Bytes of a ring for what is small, and of one for samples with stacks. */
export interface RingSizes {
  readonly light: number;
  readonly bulky: number;
}

/**
 * 70,000 calls, and 500 stacks: as programs begin, calls come in bursts. With rings of 2 MiB for stacks, which stay in
 * the processor's caches, a call would cost the watched program 1 µs less, and more stacks would be missed.
 */
const LARGEST: RingSizes = {light: 16 * 2 ** 20, bulky: 8 * 2 ** 20};

/** Bytes of all rings together, on a machine with many processors. */
const MOST = 256 * 2 ** 20;

const SMALLEST = 32 * 1024;

/** Of what there is, this share is for what is small, where there is too little for both. */
const LIGHT_SHARE = 2 / 3;

/** @param room bytes for all rings, with the page before each */
export function ringSizes(cpus: number, room: number, pageSize: number): RingSizes {
  const each = Math.min(room, MOST) / cpus - 2 * pageSize;
  const light = powerOfTwo(Math.min(LARGEST.light, each * LIGHT_SHARE));
  return {light, bulky: powerOfTwo(Math.min(LARGEST.bulky, each - light))};
}

/** Rings are as many pages as a power of two. */
const powerOfTwo = (size: number): number => Math.max(SMALLEST, 2 ** Math.floor(Math.log2(Math.max(1, size))));

const RLIMIT_MEMLOCK = 8;

/**
 * Bytes that this user may lock for rings: kernel.perf_event_mlock_kb for each processor, and RLIMIT_MEMLOCK; whoever
 * has CAP_IPC_LOCK has no limit (kernel/events/core.c, perf_mmap()). Other rings of the user count too: then there is
 * less.
 */
export async function lockable(hand: Hand, cpus: number): Promise<number> {
  if (standing().mayLock) return Infinity;
  const each = Number.parseInt(textIfThere('/proc/sys/kernel/perf_event_mlock_kb'), 10);
  const limit = await hand.raiseLimit(RLIMIT_MEMLOCK, Number.MAX_SAFE_INTEGER);
  return (Number.isInteger(each) ? each * 1024 * cpus : 0) + limit;
}
