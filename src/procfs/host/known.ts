import type {ProcessRow, Unread} from '../../model/host/processes.ts';
import {DEFAULT_MAX_DUTY} from '../sampling/budget.ts';

/** A row as it was when the counters of its process were read; its `readAt` says when. */
export type Known = ProcessRow & {readonly startTime: number};

/** What is known of processes from earlier, by PID. */
export type KnownRows = ReadonlyMap<number, Known>;

/** Counters that are older than this are no longer shown: ms. */
export const LONGEST_KEPT = 600_000;

/** A process whose turn is to be found. */
interface Waiting {
  readonly pid: number;
  readonly rss: number;
}

/**
 * Whose counters are read first where not all can be: who was never read, the largest first; then by RSS and how long
 * ago it was, so that nobody waits for ever.
 *
 * @param now ms, by the clock of readAt
 */
export function inTurn<Process extends Waiting>(all: readonly Process[], known: KnownRows, now: number): Process[] {
  const age = ({pid}: Waiting): number => now - (known.get(pid)?.readAt ?? -Infinity);
  const urgency = new Map(all.map((each) => [each, {isNew: age(each) === Infinity, of: each.rss * age(each)}]));
  return all.toSorted((a, b) => {
    const [one, other] = [urgency.get(a)!, urgency.get(b)!];
    if (one.isNew !== other.isNew) return one.isNew ? -1 : 1;
    return (one.isNew ? 0 : other.of - one.of) || b.rss - a.rss || a.pid - b.pid;
  });
}

/**
 * May a process be held up again? Not for more than a small part of the time since it was the last time.
 *
 * @param stall ms, as predicted
 */
export const isDue = (known: Known | undefined, stall: number, now: number): boolean =>
  known?.readAt === undefined || stall <= DEFAULT_MAX_DUTY * (now - known.readAt);

/**
 * The counters of an earlier reading, for a process that isn't read now.
 *
 * @param row of now, without counters
 * @param late why it isn't read
 * @returns undefined where they can't be those of now: too old, another program, or more than is resident
 */
export function keptFrom(known: Known | undefined, row: ProcessRow, late: Unread, now: number): ProcessRow | undefined {
  if (known?.readAt === undefined || now - known.readAt > LONGEST_KEPT) return undefined;
  if (known.name !== row.name || (known.pss ?? 0) > (row.rss ?? 0)) return undefined;
  const {regions, pss, privateDirty, pssAnon, pssFile, pssShmem, readAt, observed, holds} = known;
  return {
    ...row,
    regions: row.regions ?? regions,
    pss,
    privateDirty,
    pssAnon,
    pssFile,
    pssShmem,
    readAt,
    observed,
    ...((row.holds ?? holds) && {holds: row.holds ?? holds}),
    late,
    unread: undefined,
  };
}
