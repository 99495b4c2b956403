/** What to start so that a process of its own runs a JavaScript text. */
interface OwnProcess {
  readonly command: string;
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * A process of its own for what may never come back, since it can be killed. Node runs a text with -e. In memmap's
 * standalone executable, the program that is running is not Node but memmap with Bun in it, and BUN_BE_BUN makes it
 * Bun, which has the same -e (scripts/standalone.js).
 *
 * @param code in it, process.argv.slice(1) are `args`
 */
export const ownProcess = (code: string, args: readonly string[] = []): OwnProcess => ({
  command: process.execPath,
  words: ['-e', code, ...args],
  env: process.versions['bun'] === undefined ? process.env : {...process.env, BUN_BE_BUN: '1'},
});
