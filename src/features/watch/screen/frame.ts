import {footLine, helpCount, helpLines} from './foot.ts';
import {headLines} from './head.ts';
import {logLines} from './log.ts';
import type {FrameState} from './view.ts';
import type {Extent} from './keys.ts';
import {kindCount, kindLines} from './kinds.ts';
import {pageCount, pageLines} from './page.ts';
import {rowCount, selectable, tableLines} from './table.ts';

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
  const rest = height - head - foot - gap;
  const middle =
    state.view.help !== undefined
      ? [...blank, ...helpLines(state, width, rest)]
      : state.view.page !== undefined
        ? [...blank, ...pageLines(state, width, rest)]
        : [
            ...blank,
            ...filled(logLines(state, width, events), events),
            ...(rows > 0 ? [...blank, ...lowerLines(state, width, rows)] : []),
          ];
  const lines = [...filled(headLines(state, width, head), head), ...middle];
  return [...filled(lines, height - foot), ...(foot > 0 ? [footLine(state, width)] : [])];
}

const lowerLines = (state: FrameState, width: number, count: number): string[] =>
  state.view.isByKind ? kindLines(state, width, count) : tableLines(state, width, count);

/** How far one can scroll, and what can be selected. */
export function extentOf(state: FrameState, width: number, height: number): Extent {
  const {head, rows, foot, gap} = layoutOf(height);
  const rest = height - head - foot - gap;
  const {view} = state;
  if (view.help !== undefined) return {lines: helpCount(width, state.replay !== undefined), page: rest};
  if (view.page !== undefined) return {lines: pageCount(state, width), page: rest};
  if (view.isByKind) return {lines: kindCount(state), page: Math.max(0, rows - 1)};
  return {lines: rowCount(state), page: rows, regions: rows > 0 ? selectable(state, rows) : undefined};
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
