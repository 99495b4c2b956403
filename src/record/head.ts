/**
 * The lines of a recording after its header, by what they say. All have `t`, ms since the beginning, and `look`, the number
 * of the look, counted from 1. `at` is there where the wall clock is not where `t` would have it: it was set, or drifted.
 * `since` is the t of the look before, where that is not written down, because nothing had changed.
 *
 * key    everything: regions, counters, status, process, clues
 * exec   the same, of another program that the process began
 * delta  what differs from the record before
 * same   nothing differs; written now and then, so that one knows that somebody looked
 * mark   somebody made a mark, `name`, at the look just written
 * exit   the process has ended; `state` says whether its parent knows
 * end    the recorder ended in order, for `reason`; what looking cost
 */
export const EVENTS = ['key', 'exec', 'delta', 'same', 'mark', 'exit', 'end'] as const;

export type RecordEvent = (typeof EVENTS)[number];

/** What each line begins with. */
export interface RecordHead {
  readonly event: RecordEvent;
  readonly t: number;
  readonly look: number;
  /** ms since 1970, where it is said. */
  readonly wall: number | undefined;
  readonly since: number | undefined;
  readonly listing: 'maps' | 'smaps' | undefined;
}

const HEAD =
  /^\{"event":"(key|exec|delta|same|mark|exit|end)","t":(\d{1,15}),"look":(\d{1,15})(?:,"at":"([^"]{1,40})")?(?:,"since":(\d{1,15}))?(?:,"listing":"(maps|smaps)")?[,}]/;

/** Longer than any that HEAD matches. */
const LONGEST_HEAD = 160;

/**
 * Reads the beginning of a line, without the cost of parsing it.
 *
 * @returns undefined for a line that this version doesn't know
 */
export function readHead(line: Buffer): RecordHead | undefined {
  const match = HEAD.exec(line.toString('latin1', 0, LONGEST_HEAD));
  if (!match) return undefined;
  const [, event, t, look, at, since, listing] = match;
  const wall = at === undefined ? undefined : Date.parse(at);
  return {
    event: event as RecordEvent,
    t: Number(t),
    look: Number(look),
    wall: Number.isFinite(wall) ? wall : undefined,
    since: since === undefined ? undefined : Number(since),
    listing: listing as 'maps' | 'smaps' | undefined,
  };
}

/** The members that each line begins with, in the order in which readHead wants them. */
export function headOf(head: Omit<RecordHead, 'listing'>): Record<string, unknown> {
  return {
    event: head.event,
    t: head.t,
    look: head.look,
    ...(head.wall !== undefined && {at: new Date(head.wall).toISOString()}),
    ...(head.since !== undefined && {since: head.since}),
  };
}
