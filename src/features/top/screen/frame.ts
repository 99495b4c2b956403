import {footLine, helpCount, helpLines} from './foot.ts';
import {headLines} from './head.ts';
import type {Extent} from './keys.ts';
import {itemsShown} from './rows.ts';
import {tableLines} from './table.ts';
import type {TopState} from './view.ts';

/**
 * One frame: how much all have, the processes or groups, and the keys.
 *
 * @param width columns, at least 1
 * @param height lines, at least 1
 * @returns exactly `height` lines, none wider than `width`
 */
export function renderFrame(state: TopState, width: number, height: number): string[] {
  const {head, gap, rest, foot} = layoutOf(height);
  const blank = gap > 0 ? [''] : [];
  const body =
    state.view.help !== undefined
      ? helpLines(state, width, rest)
      : rest > TABLE_HEAD
        ? tableLines(state, width, rest - TABLE_HEAD)
        : [];
  const lines = [...filled(headLines(state, width, head), head), ...blank, ...body];
  return [...filled(lines, height - foot), ...(foot > 0 ? [footLine(state, width)] : [])];
}

/** What there is to scroll through. */
export function extentOf(state: TopState, width: number, height: number): Extent {
  const {rest} = layoutOf(height);
  return {
    items: itemsShown(state),
    page: Math.max(0, rest - TABLE_HEAD),
    help: {lines: helpCount(width, state.view), page: rest},
  };
}

const filled = (lines: readonly string[], count: number): string[] =>
  Array.from({length: count}, (_, index) => lines[index] ?? '');

/** The caption and the heads of the columns. */
const TABLE_HEAD = 2;

/** How many lines each part has: it doesn't depend on what is shown, so that nothing jumps. */
interface Layout {
  readonly head: number;
  /** A blank line below the head. */
  readonly gap: number;
  readonly rest: number;
  readonly foot: number;
}

/** @param height lines of the terminal, at least 1 */
function layoutOf(height: number): Layout {
  const foot = height >= 4 ? 1 : 0;
  const gap = height >= 20 ? 1 : 0;
  const head = Math.min(height, height >= 16 ? 4 : height >= 10 ? 2 : 1);
  return {head, gap, rest: height - head - gap - foot, foot};
}
