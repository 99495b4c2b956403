import {footLine} from './frame-foot.ts';
import {headLines} from './frame-head.ts';
import {helpCount, helpLines} from './frame-help.ts';
import {layoutOf} from './frame-layout.ts';
import {logLines} from './frame-log.ts';
import type {FrameState} from './frame-state.ts';
import {rowCount, tableLines} from './frame-table.ts';

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
    : [...blank, ...filled(logLines(state, width, events), events), ...(rows > 0 ? [...blank, ...tableLines(state, width, rows)] : [])]; // prettier-ignore
  const lines = [...filled(headLines(state, width, head), head), ...middle];
  return [...filled(lines, height - foot), ...(foot > 0 ? [footLine(state, width)] : [])];
}

/** How far one can scroll in it: the lines there are, and how many of them are shown. */
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
