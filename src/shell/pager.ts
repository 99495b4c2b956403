import type {ChildProcess} from 'node:child_process';
import {sizeOf} from './terminal.ts';

/** less quits if all fits on one screen (-F), shows colours (-R), and leaves what it showed there (-X). */
const LESS = 'FRX';

/**
 * The pager for a text that a person would have to scroll back to read, as git(1) chooses it: $PAGER, or else less.
 *
 * @returns undefined where the text goes straight to standard output: it is no terminal, the text fits on its screen,
 * or NO_PAGER, an empty PAGER or `cat` says so
 */
export function pagerFor(text: string, environment: NodeJS.ProcessEnv): string | undefined {
  const {rows} = sizeOf(1);
  const {NO_PAGER, PAGER = 'less', TERM} = environment;
  const isOff = rows === undefined || NO_PAGER || PAGER.trim() === '' || PAGER === 'cat' || TERM === 'dumb';
  return isOff || !hasMoreLines(text, rows) ? undefined : PAGER;
}

function hasMoreLines(text: string, most: number): boolean {
  let at = -1;
  for (let count = 0; count < most; count++) if ((at = text.indexOf('\n', at + 1)) < 0) return false;
  return true;
}

/**
 * Shows a text in a pager, until that ends. Ctrl-C is the pager's meanwhile.
 *
 * @param command a line for the shell
 * @returns false if there is no such pager: nothing was shown
 */
export async function showInPager(text: string, command: string): Promise<boolean> {
  const {spawn} = process.getBuiltinModule('node:child_process');
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  try {
    const env = {LESS, ...process.env};
    return await ended(spawn(command, {shell: true, stdio: ['pipe', 'inherit', 'ignore'], env}), text);
  } finally {
    process.off('SIGINT', ignore);
  }
}

/** 126 and 127 are the shell's: it could not start the pager. */
function ended(pager: ChildProcess, text: string): Promise<boolean> {
  pager.stdin!.on('error', () => {}); // It was left before all was read.
  pager.stdin!.end(text);
  return new Promise((resolve) => pager.once('close', (code) => resolve(code !== 127 && code !== 126)));
}
