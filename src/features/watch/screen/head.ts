import {counted, sizeText, timeText} from '../../../model/amounts.ts';
import type {FamilySample} from '../../../model/kin/kin.ts';
import type {Measure} from '../../../model/measure.ts';
import {MEASURES} from '../../../model/measures.ts';
import {familyNow} from '../../../text/process/kin.ts';
import {lineOf, padded, type Piece, sidesOf, widthOf} from '../../../text/lines.ts';
import {residentRate, withBreaks, type PictureMoment, type Picture} from './picture.ts';
import type {FrameState, ReplayState} from './view.ts';
import {cells, safe, shorten} from '../../../text/safe.ts';
import {rateText} from '../../../text/rate.ts';
import {STATES} from '../../../text/process/who.ts';
import {extremes, sparkline} from '../../../text/sparkline.ts';

/** Whose memory, and how much of it: as many lines as there is room for, the most important ones first. */
export function headLines(state: FrameState, width: number, count: number): string[] {
  const title = titleLine(state, width);
  if (count < 2) return [title];
  const {family} = state.picture;
  if (count < 3 || width < NARROWEST_TABLE) return [title, briefLine(state.picture, width)];
  // The family takes the place of the number of regions, so that nothing jumps when it is there.
  const last = family ? [familyLine(family, width)] : [];
  return [title, ...totalLines(state, width).slice(0, count - 1 - last.length), ...last];
}

/** Columns from which each total has a line of its own. */
const NARROWEST_TABLE = 44;

function titleLine(state: FrameState, width: number): string {
  const standing = standingOf(state);
  const time: Piece = {text: `  ${timeText(state.picture.ms, 'never')}`, role: 'quiet'};
  const rate = ratePieces(state);
  const right = [
    [...rate, ...standing, time, ...costPieces(state)],
    [...rate, ...standing, time],
    [...rate, ...standing],
    standing,
  ];
  for (const pieces of right) {
    const who = whoNow(state.picture, width - widthOf(pieces) - 2);
    if (who !== undefined) return sidesOf([{text: who, role: 'title'}], pieces, width);
  }
  // It must be visible that the screen is paused, however narrow it is.
  const isStill = state.view.isPaused || state.picture.isOver || state.replay !== undefined;
  const who: Piece = {text: (whoNow(state.picture, width) ?? whoNow(state.picture, Infinity))!, role: 'title'};
  return lineOf(isStill ? [...standing, {text: '  '}, who] : [who], width);
}

/** Whether the screen is live. In words, so that it needs no colours. */
function standingOf({view, picture, since, replay}: FrameState): Piece[] {
  if (replay) return replayPieces(replay, picture.isOver);
  if (picture.isOver) return [{text: 'ended', role: 'go'}];
  if (!view.isPaused) return [{text: 'live', role: 'good'}];
  const {looks = 0, changes = 0, isOver = false} = since ?? {};
  const news = isOver
    ? '; the process ended'
    : looks > 0
      ? `; ${counted(looks, 'sample')}, ${counted(changes, 'change')} since`
      : '';
  return [{text: `paused${news}`, role: 'change'}];
}

/** `playing ×4  moment 12 of 340  #before-load`. */
function replayPieces({isPlaying, speed, index, last, marks}: ReplayState, isOver: boolean): Piece[] {
  const state: Piece = isPlaying
    ? {text: `playing ×${speed}`, role: 'good'}
    : {text: isOver ? 'ended' : speed === 1 ? 'paused' : `paused ×${speed}`, role: isOver ? 'go' : 'change'};
  const names = marks.length > 0 ? `  ${marks.map((name) => `#${safe(name)}`).join(' ')}` : '';
  return [state, {text: `  moment ${index} of ${last}`}, {text: shorten(names, 30), role: 'title'}];
}

/** Columns. Where room is short the file is shortened down to this, and then left out. */
const SHORTEST_FILE = 12;

/**
 * Who it is. The state and the threads are the current ones, not those of the snapshot.
 *
 * @returns undefined if it doesn't fit
 */
function whoNow({snapshot, status, isOver}: Picture, width: number): string | undefined {
  const {pid, comm, exe, state, threads} = snapshot.process;
  const name = safe(String(status['name'] ?? comm ?? ''));
  const letter = String(status['state'] ?? state ?? '');
  const threadCount = Number(status['threads'] ?? threads ?? 0);
  const described = (file: string): string =>
    [
      pid === undefined ? name : `${name} (pid ${pid})`,
      file,
      isOver ? '' : STATES[letter],
      threadCount > 1 && `${threadCount} threads`,
    ]
      .filter(Boolean)
      .join(', ');
  const file = safe(exe ?? '');
  const room = width - cells(described('')) - 2;
  const shortened = room >= Math.min(SHORTEST_FILE, cells(file)) ? shorten(file, room) : '';
  const text = described(shortened);
  return cells(text) <= width ? text : undefined;
}

function briefLine({snapshot, status, history}: Picture, width: number): string {
  const {resident} = history.at(-1)!;
  const swap = MEASURES.swap.ofStatus(status) ?? 0;
  const size = sizeText(snapshot.totals.size);
  const parts = [
    resident === undefined
      ? `${size} of ${MEASURES.size.words}`
      : `${sizeText(resident)} ${MEASURES.rss.words} of ${size}`,
    swap > 0 && `${sizeText(swap)} ${MEASURES.swap.words}`,
    counted(snapshot.totals.regions, 'region'),
  ].filter(Boolean);
  return lineOf([{text: parts.join(', ')}], width);
}

/** How fast resident memory grows or shrinks, where the latest samples tell. */
function ratePieces({picture, interval}: FrameState): Piece[] {
  const rate = residentRate(picture, interval);
  return rate === undefined ? [] : [{text: `${rateText(rate)}  `, role: rate.slope > 0 ? 'come' : 'go'}];
}

/** The share of the time that is spent sampling. */
function costPieces({duty}: FrameState): Piece[] {
  return duty === undefined ? [] : [{text: `  cost ${(duty * 100).toFixed(1)} %`, role: 'quiet'}];
}

const familyLine = (family: FamilySample, width: number): string =>
  lineOf([{text: padded('family', NAME_WIDTH + 2), role: 'quiet'}, {text: familyNow(family)}], width);

interface Total {
  readonly measure: Measure;
  readonly of: (moment: PictureMoment) => number | undefined;
  readonly text: (value: number) => string;
  readonly words: (picture: Picture) => string;
}

const TOTALS: readonly Total[] = [
  {measure: MEASURES.rss, of: ({resident}) => resident, text: sizeText, words: residentWords},
  {measure: MEASURES.size, of: ({size}) => size, text: sizeText, words: sizeWords},
  {measure: MEASURES.regions, of: ({regions}) => regions, text: String, words: () => ''},
];

const NAME_WIDTH = 8;
const VALUE_WIDTH = 10;
const WORDS_WIDTH = 17;
const EXTREMES_WIDTH = 24;
const NARROWEST_SPARK = 8;
const WIDEST_SPARK = 60;

/** Resident memory, address space and regions: how much now, at most, and how it changed over time. */
function totalLines({picture, interval}: FrameState, width: number): string[] {
  const history = withBreaks(picture.history, interval);
  // The column is wider if something is swapped, and then on all lines.
  const words = TOTALS.map((total) => total.words(picture));
  const wordsWidth = words.reduce((most, text) => Math.max(most, text.length), WORDS_WIDTH);
  const fixed = NAME_WIDTH + 2 + VALUE_WIDTH + 2 + wordsWidth + 2;
  const room = Math.min(WIDEST_SPARK, width - fixed - 2 - EXTREMES_WIDTH);
  return TOTALS.map(({measure, of, text}, index) => {
    const values = history.map((moment) => moment && of(moment));
    const now = values.at(-1);
    const hasSpark = room >= NARROWEST_SPARK;
    const left: Piece[] = [
      {text: padded(measure.title, NAME_WIDTH + 2), role: 'quiet'},
      {text: padded(now === undefined ? '' : text(now), VALUE_WIDTH, 'right')},
      {text: words[index] === '' ? '' : `  ${words[index]!}`, role: 'quiet'},
    ];
    if (hasSpark) left.push({text: ' '.repeat(fixed - widthOf(left) - 2)}, ...sparkPieces(values, room, text));
    return lineOf(left, width);
  });
}

/** The scale is written beside it: bars alone would make one page look like one gibibyte. */
function sparkPieces(
  values: ReadonlyArray<number | undefined>,
  width: number,
  text: (value: number) => string,
): Piece[] {
  const {least, most} = extremes(values, width);
  const isOne = values.slice(-width).filter((value) => value !== undefined).length < 2;
  const scale = isOne ? '' : least === most ? 'steady' : `${text(least)} to ${text(most)}`;
  return [
    {text: `  ${sparkline(values, width)}`, role: 'move'},
    {text: `  ${scale}`, role: 'quiet'},
  ];
}

function residentWords({status, history}: Picture): string {
  const swap = MEASURES.swap.ofStatus(status) ?? 0;
  return [
    peakWords(MEASURES.rss, status, history.at(-1)?.resident),
    swap > 0 && `${MEASURES.swap.words} ${sizeText(swap)}`,
  ]
    .filter(Boolean)
    .join(', ');
}

function sizeWords({status, history}: Picture): string {
  return peakWords(MEASURES.size, status, history.at(-1)?.size);
}

/** @param now as the same sample saw it: status was read before the regions, and may be older */
function peakWords({peakOfStatus}: Measure, status: Picture['status'], now = 0): string {
  const peak = peakOfStatus(status);
  return peak === undefined ? '' : `peak ${sizeText(Math.max(peak, now))}`;
}
