import type {ExecutionContext} from 'ava';
import {python, type Child} from '../../helpers/child.ts';
import {TerminalRun} from '../../helpers/terminal.ts';

export interface Watched {
  readonly child: Child;
  readonly run: TerminalRun;
}

/** A Python, and memmap's live screen of it. */
export async function watched(
  t: ExecutionContext,
  size: {columns?: number; rows?: number; env?: Record<string, string>} = {},
  ...args: readonly string[]
): Promise<Watched> {
  const child = await python(t);
  const run = new TerminalRun(t, ['watch', String(child.pid), '--interval', '50ms', ...args], size);
  await run.shows(/live/);
  return {child, run};
}

/** Was the terminal left as it was found? */
export async function isRestored(t: ExecutionContext, run: TerminalRun): Promise<void> {
  await run.screen();
  t.false(run.isAlternate, 'the alternate screen is left');
  t.true(run.raw.lastIndexOf('\x1b[?25h') > run.raw.lastIndexOf('\x1b[?25l'), 'the cursor is shown');
  t.true(run.raw.lastIndexOf('\x1b[?7h') > run.raw.lastIndexOf('\x1b[?7l'), 'lines wrap again');
  const [before, after] = run.modes;
  t.is(after, before, 'the modes are those of before (raw mode is off)');
}
