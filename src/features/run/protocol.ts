/*
 * What memmap and the program that it starts in place of a command say to each other; gate-program.ts describes it.
 */

/** The descriptor of the socket. */
export const SOCKET = 3;

/** Bytes that memmap sends. */
export const GO = 'g';
export const GO_WITHOUT_ASLR = 'n';
export const SEEN = 's';
export const TRACEABLE = 't';
export const UNTRACEABLE = 'u';

/** Added to the errno where personality(2) failed, and not execve(2). */
export const PLACING_REFUSED = 128;

/** Kinds of records, as si_signo has them. ENDED is SIGCHLD on x86-64. */
export const STARTED = 1;
export const REFUSED = 2;
export const ENDED = 17;

/** Bytes of struct rusage on x86-64: two times of two longs each, and fourteen longs. */
const RUSAGE = 144;

/**
 * Where the fields of a record are, in bytes: those of struct rusage (a time is seconds, then microseconds, of 8 bytes
 * each), then those of siginfo_t.
 */
export const FIELD = {
  user: 0,
  system: 16,
  maxRss: 32,
  signo: RUSAGE,
  code: RUSAGE + 8,
  pid: RUSAGE + 16,
  status: RUSAGE + 24,
} as const;

/** Bytes of a record. */
export const RECORD = RUSAGE + 32;

/** si_code of a process that ended by exit(2); after a signal it is CLD_KILLED or CLD_DUMPED. */
const CLD_EXITED = 1;

/** Why the command can't be executed: an errno of execve(2) or personality(2). */
export interface Refusal {
  readonly errno: number;
  readonly of: 'execute' | 'place';
}

/** A process that ended, as its parent is told: wait4(2). */
export interface Ended {
  readonly pid: number;
  /** How it ended: one of the two is present; `signal` is its number. */
  readonly code?: number;
  readonly signal?: number;
  /** Bytes: the largest resident set that it had, or a descendant that was waited for (ru_maxrss). */
  readonly maxRss: number;
  /** ms of processor time, with those of the same descendants. */
  readonly user: number;
  readonly system: number;
}

export type Message =
  | {readonly is: 'started'; readonly pid: number}
  | {readonly is: 'refused'; readonly refusal: Refusal}
  | ({readonly is: 'ended'} & Ended);

/** Cuts what comes on the socket into records. */
export class Records {
  #rest = Buffer.alloc(0);

  /** @returns the messages that are whole by now */
  add(bytes: Uint8Array): Message[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const whole = all.length - (all.length % RECORD);
    this.#rest = all.subarray(whole);
    return Array.from({length: whole / RECORD}, (_, i) => messageOf(all.subarray(i * RECORD, (i + 1) * RECORD)));
  }
}

function messageOf(record: Buffer): Message {
  const int = (offset: number): number => record.readInt32LE(offset);
  const long = (offset: number): number => Number(record.readBigInt64LE(offset));
  const [signo, pid, status] = [int(FIELD.signo), int(FIELD.pid), int(FIELD.status)];
  if (signo === STARTED) return {is: 'started', pid};
  if (signo === REFUSED) {
    const isPlacing = status >= PLACING_REFUSED;
    return {
      is: 'refused',
      refusal: {of: isPlacing ? 'place' : 'execute', errno: status - (isPlacing ? PLACING_REFUSED : 0)},
    };
  }
  const time = (at: number): number => long(at) * 1000 + long(at + 8) / 1000;
  return {
    is: 'ended',
    pid,
    ...(int(FIELD.code) === CLD_EXITED ? {code: status} : {signal: status}),
    maxRss: long(FIELD.maxRss) * 1024,
    user: time(FIELD.user),
    system: time(FIELD.system),
  };
}
