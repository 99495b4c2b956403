import type {Change, ChangeKind} from '../model/change.ts';
import {rangeText} from '../model/region.ts';
import {deltaText} from '../model/amounts.ts';
import type {News} from './moves.ts';
import {safe} from './safe.ts';
import type {Cell, Column} from './table.ts';
import {paint, type Role} from './theme.ts';

/** A sign and a colour for each kind of change; the sign says it too where there is no colour. */
const SIGNS: Readonly<Record<ChangeKind, {readonly sign: string; readonly role: Role}>> = {
  new: {sign: '+', role: 'comeNew'},
  grown: {sign: '↑', role: 'come'},
  gone: {sign: '-', role: 'go'},
  shrunk: {sign: '↓', role: 'go'},
  replaced: {sign: '!', role: 'change'},
  reprotected: {sign: '~', role: 'change'},
  renamed: {sign: '~', role: 'change'},
  moved: {sign: '→', role: 'move'},
  split: {sign: '÷', role: 'move'},
  merged: {sign: '=', role: 'move'},
  touched: {sign: '·', role: 'quiet'},
};

export const signOf = (kind: ChangeKind): string => SIGNS[kind].sign;

export const roleOf = (kind: ChangeKind): Role => SIGNS[kind].role;

export const CHANGE_COLUMNS: readonly Column[] = [
  {title: ''},
  {title: 'change'},
  {title: 'range'},
  {title: 'size', align: 'right'},
  {title: 'resident', align: 'right'},
  {title: 'what happened', gives: true},
];

/** One row of the table of changes. */
export function newsCells({change, end, text}: News): Cell[] {
  const {kind, range, delta} = change;
  const {sign, role} = SIGNS[kind];
  const rss = delta['rss'];
  return [
    {text: sign, role},
    {text: kind, role},
    {text: rangeText({start: range.start, end})},
    {text: delta.size === 0 ? '' : deltaText(delta.size), role},
    {text: rss ? deltaText(rss) : ''},
    {text: safe(text)},
  ];
}

/** One line for a log: when, which sign, where, what. */
export function changeLine(change: Change, time: string): string {
  const {sign, role} = SIGNS[change.kind];
  const what = paint(role, `${sign} ${change.kind.padEnd(11)}`);
  return `${time}  ${what}  ${rangeText(change.range)}  ${safe(change.text)}`;
}
