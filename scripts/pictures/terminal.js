// A command in a terminal emulator, as frames: what a person sees, and for how long.
import {spawn} from 'node:child_process';
import {setTimeout as sleep} from 'node:timers/promises';
import xterm from '@xterm/headless';

/** ms between two looks at the screen. */
const EVERY = 250;

/**
 * Runs a command in a pseudo-terminal (script(1) makes it), and takes a frame whenever the screen changed.
 *
 * @param {string} command for the shell
 * @param {{columns: number, rows: number, keys?: ReadonlyArray<readonly [number, string]>, end: number}} how when, in ms
 *   since the start, which keys are pressed, and when it is over
 * @returns {Promise<Array<{rows: Array<Array<{text: string, style: string}>>, ms: number}>>}
 */
export async function filmed(command, {columns, rows, keys = [], end}) {
  const terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true});
  const {NO_COLOR: _, ...env} = process.env;
  const child = spawn('script', ['-qec', `stty cols ${columns} rows ${rows}; ${command}`, '/dev/null'], {
    stdio: 'pipe',
    env: {...env, TERM: 'xterm-256color', NO_PAGER: '1', SHELL: '/bin/sh'},
  });
  child.stdout.on('data', (data) => terminal.write(data));
  const timers = keys.map(([ms, key]) => setTimeout(() => child.stdin.write(key), ms));
  const frames = [];
  for (let ms = 0; ms < end; ms += EVERY) {
    await sleep(EVERY);
    const seen = screenOf(terminal);
    const last = frames.at(-1);
    if (last && JSON.stringify(last.rows) === JSON.stringify(seen)) last.ms += EVERY;
    else frames.push({rows: seen, ms: EVERY});
  }
  timers.forEach(clearTimeout);
  child.kill('SIGKILL');
  return frames.filter(({rows: lines}) => lines.some((runs) => runs.length > 0));
}

function screenOf(terminal) {
  const {active} = terminal.buffer;
  return Array.from({length: terminal.rows}, (_, row) => runsOf(active.getLine(active.baseY + row), terminal.cols));
}

/** Stretches of a line in one style, without the blanks at its end. */
function runsOf(line, columns) {
  const runs = [];
  for (let at = 0; at < columns; at++) {
    const cell = line.getCell(at);
    const style = [
      cell.isBold() && 'b',
      cell.isDim() && 'd',
      cell.isInverse() && 'i',
      cell.isFgPalette() && `c${cell.getFgColor()}`,
    ]
      .filter(Boolean)
      .join(' ');
    const text = cell.getChars() || ' ';
    if (runs.at(-1)?.style === style) runs.at(-1).text += text;
    else runs.push({text, style});
  }
  while (runs.length > 0 && runs.at(-1).style === '' && runs.at(-1).text.trim() === '') runs.pop();
  return runs;
}
