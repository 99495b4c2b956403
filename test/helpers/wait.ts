import {setTimeout as pause} from 'node:timers/promises';
import {isDeepStrictEqual} from 'node:util';

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
 * What is said of a process while the kernel's own figures of it stay as they are. Pages are taken back, written to the
 * disk and put together to huge ones at any time, and what is shared changes with others that start and end: then it is
 * asked again.
 *
 * @param read the kernel's figures, without memmap
 * @returns what was said, and the figures before and after it
 */
export async function whileSteady<Figures, Said>(
  read: () => Figures,
  ask: () => Said | Promise<Said>,
): Promise<readonly [said: Said, figures: Figures]> {
  for (const end = Date.now() + PATIENCE; ;) {
    const before = read();
    const said = await ask();
    const after = read();
    if (isDeepStrictEqual(before, after)) return [said, after];
    if (Date.now() > end) throw new Error(`it never stayed: ${JSON.stringify([before, after])}`);
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
