import {lineOf} from '../../../text/lines.ts';
import {rowAt} from './order.ts';
import {agePieces} from './table.ts';
import type {FrameState} from './view.ts';

/** What explain says of the region that is selected, from the line on that was scrolled to. */
export function pageLines(state: FrameState, width: number, count: number): string[] {
  const all = allLines(state, width);
  const from = Math.min(state.view.page ?? 0, Math.max(0, all.length - count));
  return all.slice(from, from + count);
}

/** How many lines there are. */
export const pageCount = (state: FrameState, width: number): number => allLines(state, width).length;

/** Words are set no narrower than this. */
const NARROWEST = 20;

function allLines({picture, view, explain}: FrameState, width: number): readonly string[] {
  const say = (text: string): string[] => [lineOf([{text, role: 'quiet'}], width)];
  if (width < NARROWEST) return say('Too narrow.');
  const row = view.selected === undefined ? undefined : rowAt(picture.rows, view.selected);
  if (!row) return say('It is no longer mapped.');
  const age = agePieces({picture});
  return [
    ...(explain?.(picture.snapshot, row.region, width) ?? []),
    ...(age.length > 0 ? ['', lineOf(age, width)] : []),
  ];
}
