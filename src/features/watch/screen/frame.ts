import {footLine, helpCount, helpLines} from './foot.ts';
import {headLines} from './head.ts';
import {logLines} from './log.ts';
import type {FrameState} from './view.ts';
import {rowCount, tableLines} from './table.ts';

/**
 * One frame: who and how much, what happened, the regions, and the keys.
 *
 * @param width columns, at least 1
 * @param height lines, at least 1
 * @returns exactly `height` lines, none wider than `width`
 */
export function renderFrame(state: FrameState, width: number, height: number): string[] {
  const {head, events, rows, foot, gap} = layoutOf(height);
  const blank = gap > 0 ? [''] : [];
  const isHelp = state.view.help !== undefined;
  const middle = isHelp
    ? [...blank, ...helpLines(state, width, height - head - foot - gap)]
    : [
        ...blank,
        ...filled(logLines(state, width, events), events),
        ...(rows > 0 ? [...blank, ...tableLines(state, width, rows)] : []),
      ];
  const lines = [...filled(headLines(state, width, head), head), ...middle];
  return [...filled(lines, height - foot), ...(foot > 0 ? [footLine(state, width)] : [])];
}

/** How far one can scroll: how many lines there are, and how many of them are shown at once. */
export function extentOf(
  state: FrameState,
  width: number,
  height: number,
): {readonly lines: number; readonly page: number} {
  const {head, rows, foot, gap} = layoutOf(height);
  return state.view.help === undefined
    ? {lines: rowCount(state), page: rows}
    : {lines: helpCount(width, state.replay !== undefined), page: height - head - foot - gap};
}

const filled = (lines: readonly string[], count: number): string[] =>
  Array.from({length: count}, (_, index) => lines[index] ?? '');

/** How many lines each part of the screen has. This doesn't depend on what is shown, so that nothing jumps. */
interface Layout {
  readonly head: number;
  readonly events: number;
  /** Rows of regions, without the two lines above them; 0: no table. */
  readonly rows: number;
  readonly foot: number;
  /** A blank line between the parts. */
  readonly gap: number;
}

const TABLE_HEAD = 2;
/** A table with fewer rows is left out: the same lines of events say more. */
const FEWEST_ROWS = 3;
const MOST_EVENT_LINES = 8;

/** @param height lines of the terminal, at least 1 */
function layoutOf(height: number): Layout {
  const foot = height >= 4 ? 1 : 0;
  const gap = height >= 20 ? 1 : 0;
  const head = Math.min(height, height >= 20 ? 4 : height >= 10 ? 3 : height >= 5 ? 2 : 1);
  const rest = height - head - foot;
  const events = Math.min(MOST_EVENT_LINES, Math.max(2, Math.floor((rest - 2 * gap) / 4)));
  const rows = rest - events - TABLE_HEAD - 2 * gap;
  return rows >= FEWEST_ROWS ? {head, events, rows, foot, gap} : {head, events: rest, rows: 0, foot, gap: 0};
}
