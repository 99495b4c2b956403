import {counted, countText, sizeText, timeText} from '../../../model/amounts.ts';
import {sumOf, type Unread, unreadOf} from '../../../model/host/processes.ts';
import {lineOf, padded, type Piece, sidesOf, widthOf} from '../../../text/lines.ts';
import {UNREAD_WORDS} from '../../../text/process/processes.ts';
import {extremes, sparkline} from '../../../text/sparkline.ts';
import type {TopPicture} from '../picture.ts';
import type {TopState} from './view.ts';

/** How much all processes have: as many lines as there is room for, the most important ones first. */
export const headLines = (state: TopState, width: number, count: number): string[] =>
  [titleLine, pssLine, availableLine, sampleLine].slice(0, count).map((line) => line(state, width));

function titleLine(state: TopState, width: number): string {
  const {picture, duty} = state;
  const {came, went, tick, host} = picture;
  const standing = standingPieces(state);
  const time: Piece = {text: `  ${timeText(picture.ms, 'never')}`, role: 'quiet'};
  const cost: Piece[] = duty === undefined ? [] : [{text: `  cost ${(duty * 100).toFixed(1)} %`, role: 'quiet'}];
  const who: Piece = {text: counted(host.rows.length, 'process', 'processes'), role: 'title'};
  const change: Piece = {text: tick > 0 && came + went > 0 ? `, ${came} began, ${went} ended` : ''};
  const rights = [[...standing, time, ...cost], [...standing, time], standing];
  for (const right of rights)
    for (const left of [[who, change], [who]])
      if (widthOf(left) + 2 + widthOf(right) <= width) return sidesOf(left, right, width);
  // It must be visible that the screen is paused, however narrow it is.
  return lineOf(state.view.isPaused ? [...standing, {text: '  '}, who] : [who], width);
}

/** In words, so that it needs no colours. */
function standingPieces({view, since = 0}: TopState): Piece[] {
  if (!view.isPaused) return [{text: 'live', role: 'good'}];
  return [{text: `paused${since > 0 ? `; ${counted(since, 'sample')} since` : ''}`, role: 'change'}];
}

const NAME_WIDTH = 11;
const VALUE_WIDTH = 12;
const WORDS_WIDTH = 22;
const NARROWEST_SPARK = 8;
const WIDEST_SPARK = 60;
const SCALE_WIDTH = 26;

function pssLine({picture}: TopState, width: number): string {
  const {rows} = picture.host;
  const {pss} = sumOf(rows);
  const read = rows.filter(({unread}) => !unread).length;
  const isWhole = read === rows.length;
  const value = pss === undefined ? 'not read' : `${isWhole ? '' : '≥ '}${sizeText(pss)}`;
  const words = isWhole || pss === undefined ? '' : `of ${countText(read)} processes`;
  // What was not read in one sample, and was in the next, is not growth.
  const {without} = picture.moments.at(-1)!;
  const values = picture.moments.map((moment) => (moment.without === without ? moment.pss : undefined));
  return totalLine('PSS', value, words, values, width);
}

function availableLine({picture}: TopState, width: number): string {
  const {ram, available, swap = 0, swapFree = swap} = picture.host.memory;
  if (available === undefined) return '';
  const used = swap - swapFree;
  const words = [ram === undefined ? '' : `of ${sizeText(ram)}`, used > 0 && `swap used ${sizeText(used)}`];
  const values = picture.moments.map((moment) => moment.available);
  return totalLine('available', sizeText(available), words.filter(Boolean).join(', '), values, width);
}

/** The scale is written beside the sparkline: bars alone would make a page look like a gibibyte. */
function totalLine(
  name: string,
  value: string,
  words: string,
  values: ReadonlyArray<number | undefined>,
  width: number,
): string {
  const start: Piece[] = [{text: padded(name, NAME_WIDTH), role: 'quiet'}, {text: padded(value, VALUE_WIDTH, 'right')}];
  const left: Piece[] = [...start, {text: `  ${padded(words, Math.max(WORDS_WIDTH, words.length))}`, role: 'quiet'}];
  const room = Math.min(WIDEST_SPARK, width - widthOf(left) - 2 - SCALE_WIDTH);
  if (room < NARROWEST_SPARK) return lineOf([...start, {text: words && `  ${words}`, role: 'quiet'}], width);
  const {least, most} = extremes(values, room);
  const isOne = values.slice(-room).filter((each) => each !== undefined).length < 2;
  const scale = isOne ? '' : least === most ? 'steady' : `${sizeText(least)} to ${sizeText(most)}`;
  const right: Piece[] = [
    {text: `  ${sparkline(values, room)}`, role: 'move'},
    {text: scale && `  ${scale}`, role: 'quiet'},
  ];
  return lineOf([...left, ...right], width);
}

/** What the latest sample cost, and what is not in it. */
function sampleLine({picture}: TopState, width: number): string {
  const {read, stallMs, longestMs, isHiding, hidden, heldEarlier} = picture.host;
  const parts = [
    read === 0 ? 'read 0' : `read ${countText(read)}: held up ${msText(stallMs)} in all, ${msText(longestMs)} at most`,
    unreadWords(picture),
    heldEarlier > 0 ? `held of ${countText(heldEarlier)} asked earlier` : '',
    isHiding ? 'others are hidden (hidepid)' : hidden > 0 ? `${countText(hidden)} hidden` : '',
  ];
  return lineOf(
    [
      {text: padded('sample', NAME_WIDTH), role: 'quiet'},
      {text: parts.filter(Boolean).join('; '), role: 'quiet'},
    ],
    width,
  );
}

/** `2 denied, 1 spared; 12 are older`. */
function unreadWords({host}: TopPicture): string {
  const unread = Object.entries(unreadOf(host.rows)) as Array<[Unread, number]>;
  const words = unread.map(([reason, count]) => `${countText(count)} ${UNREAD_WORDS[reason]}`);
  return [words.join(', '), host.kept > 0 ? `${countText(host.kept)} read earlier` : ''].filter(Boolean).join('; ');
}

const msText = (ms: number): string => `${ms < 10 ? ms.toFixed(1).replace(/\.0$/, '') : Math.round(ms)} ms`;
