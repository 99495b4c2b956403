import {setTimeout as pause} from 'node:timers/promises';

/** How long a wait may take, in ms: far beyond what a loaded machine needs, and within AVA's own limit. */
export const PATIENCE = 90_000;

/**
 * Waits until something is there, asking every 20 ms.
 *
 * @param find gives it, or a false value as long as there is none; what it throws counts as none
 * @param what is waited for, for the message
 */
export async function until<Value>(find: () => Value | undefined | false, what: string): Promise<Value> {
  for (const end = Date.now() + PATIENCE; ; await pause(20)) {
    const found = tried(find);
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} did not come`);
  }
}

function tried<Value>(find: () => Value | undefined | false): Value | undefined | false {
  try {
    return find();
  } catch (error) {
    // A file that is not there yet, a process that is not there any more.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/**
 * What is judged over a time gets more of it where the machine is so slow that too little was seen.
 *
 * @param judge does it for so many seconds: at first for `seconds`, then for four and for sixteen times as long
 * @param isSeen was enough seen?
 */
export async function givenTime<Result>(
  seconds: number,
  judge: (seconds: number) => Promise<Result>,
  isSeen: (result: Result) => boolean,
): Promise<Result> {
  for (const allowed of [seconds, 4 * seconds]) {
    const result = await judge(allowed);
    if (isSeen(result)) return result;
  }
  return judge(16 * seconds);
}
