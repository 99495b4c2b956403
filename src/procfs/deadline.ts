/**
 * ms that one reading of a process may take, unless the user allows more: what takes longer ends with Trouble
 * `deadline`.
 */
const DEFAULT_DEADLINE = 10_000;

let allowed = DEFAULT_DEADLINE;

/** Set once at the start of a command. @param ms from now on */
export function setDeadline(ms: number): void {
  allowed = ms;
}

/** In ms. */
export const deadline = (): number => allowed;

/** For a message: `10 s`. */
export const deadlineText = (): string => `${allowed / 1000} s`;

/** What to do about it, in a message. */
export const waitLonger = (): string => `--deadline ${Math.ceil(allowed / 1000) * 6}s`;
