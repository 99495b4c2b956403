import {lineOf, type Piece} from '../../../text/lines.ts';
import {
  chapter,
  fitting as fittingHints,
  headline,
  HELP,
  type Hint,
  hints,
  inColumns,
  QUIT,
  typedLine,
} from '../../../terminal/hints.ts';
import type {FrameState, ReplayState, View} from './view.ts';
import {safe} from '../../../text/safe.ts';
import {CHANGE_KINDS, type ChangeKind} from '../../../model/change.ts';
import {roleOf, signOf} from '../../../text/changes.ts';

/** The keys that work now. */
export function footLine(state: FrameState, width: number): string {
  const {view, hasKeys} = state;
  if (!hasKeys) return lineOf([{text: 'Ctrl-C quits', role: 'quiet'}], width);
  if (view.isTyping) return typedLine(view.filter, width);
  if (view.help !== undefined)
    return lineOf(
      hints([
        ['↑↓', 'scroll'],
        ['any other key', 'back'],
      ]),
      width,
    );
  if (view.page !== undefined)
    return lineOf(fitting([['Esc', 'back'], ['↑↓', 'scroll'], PAUSE(view), QUIT, HELP], width), width);
  if (state.replay) return replayFoot(state.replay, state, width);
  return lineOf(fitting([QUIT, PAUSE(view), ...tableHints(state), ['r', 'reverse'], HELP], width), width);
}

const PAUSE = ({isPaused}: View): Hint => ['p', isPaused ? 'resume' : 'pause'];

/** What can be done with the table. */
function tableHints({view, explain, hasWayBack}: FrameState): Hint[] {
  const isOne = view.selected !== undefined && explain !== undefined;
  const isBack = hasWayBack === true && view.selected === undefined;
  return [
    ...(view.isByKind ? [] : [isOne ? (['Enter', 'explain'] as const) : (['↑↓', 'select'] as const)]),
    ['s', 'sort'],
    ['/', 'filter'],
    ...(view.filter === '' ? (isBack ? [['Esc', 'back'] as const] : []) : [['Esc', 'all regions'] as const]),
    ['t', view.isByKind ? 'regions' : 'totals'],
  ];
}

/** The keys that can best be left out where there is little room, the first one first. */
const LEAST: readonly string[] = ['r', 'Home End', '+ −', 't', 'g', 's', '↑↓', 'p', '/', '← →', 'space', 'Enter'];

const fitting = (keys: readonly Hint[], width: number): Piece[] => fittingHints(keys, LEAST, width);

function replayFoot({typed, fault, isPlaying}: ReplayState, state: FrameState, width: number): string {
  if (typed !== undefined)
    return lineOf(
      [
        {text: 'go to ', role: 'title'},
        {text: `${safe(typed)}▏   `},
        ...hints([
          ['12 +30s 14:03:20 name', ''],
          ['Enter', 'go'],
          ['Esc', 'back'],
        ]),
      ],
      width,
    );
  if (fault !== undefined) return lineOf([{text: safe(fault), role: 'bad'}], width);
  const keys: Hint[] = [
    QUIT,
    ['space', isPlaying ? 'pause' : 'play'],
    ['← →', 'step'],
    ['+ −', 'speed'],
    ['Home End', 'first, last'],
    ['g', 'go to'],
    ...tableHints(state),
    HELP,
  ];
  return lineOf(fitting(keys, width), width);
}

const KEYS: readonly Hint[] = [
  ['q', 'quit'],
  ['p space', 'pause the screen; the watch continues'],
  ['s', 'sort by another column'],
  ['r', 'reverse the order'],
  ['t', 'totals by kind, and back'],
  ['/', 'filter by name, kind, perms, address'],
  ['↑ ↓ k j', 'select a region'],
  ['Enter', 'explain the region that is selected'],
  ['Esc', 'back; all regions again, none selected'],
  ['PgUp PgDn', 'scroll by a page'],
  ['Home End', 'to the first region, to the last'],
  ['Ctrl-L', 'draw the screen again'],
  ['Ctrl-Z', 'stop; fg continues'],
  ['? h', 'this help'],
];

/** The keys of a replay; the other keys do the same as in a watch. */
const REPLAY_KEYS: readonly Hint[] = [
  ['space p', 'play, pause'],
  ['← → , .', 'one moment back, one moment forward'],
  ['n N', 'to the next mark, to the previous one'],
  ['Home End', 'to the first moment, to the last'],
  ['g', 'go to a moment: 12, +30s, a mark'],
  ['+ -', 'faster, slower'],
];

const keysOf = (isReplay: boolean): typeof KEYS => {
  const replaced = new Set(['p space', 'Home End']);
  return isReplay ? [KEYS[0]!, ...REPLAY_KEYS, ...KEYS.slice(1).filter(([key]) => !replaced.has(key))] : KEYS;
};

const SIGN_WORDS: Readonly<Record<ChangeKind, string>> = {
  new: 'a new region',
  grown: 'a region got larger',
  gone: 'a region is gone',
  shrunk: 'a region got smaller',
  replaced: 'something else is there now',
  reprotected: 'different permissions',
  renamed: 'a different name',
  moved: 'the same memory, another address',
  split: 'one region became several',
  merged: 'several regions became one',
  flagged: 'other VmFlags (locked, sealed, …)',
  touched: 'only resident memory changed',
};

const WORDS: readonly Hint[] = [
  ['size', 'addresses: a promise, not memory'],
  ['resident', 'in RAM; ? until smaps is read again'],
  ['Δ', 'growth since the start, or since exec'],
  ['MiB/min', 'how fast resident grows, once that is sure'],
  ['cost', 'share of the time spent sampling'],
];

/** Each key, each sign, and what the words mean; in two columns where there is room. */
export function helpLines({view, replay}: FrameState, width: number, count: number): string[] {
  const all = allLines(width, replay !== undefined);
  const from = Math.min(view.help ?? 0, Math.max(0, all.length - count));
  return all.slice(from, from + count).map((pieces) => lineOf(pieces, width));
}

/** How many lines the help has at this width. */
export const helpCount = (width: number, isReplay: boolean): number => allLines(width, isReplay).length;

function allLines(width: number, isReplay: boolean): ReadonlyArray<readonly Piece[]> {
  const keys = chapter('Keys', keysOf(isReplay));
  const signs = [
    headline('Signs'),
    ...CHANGE_KINDS.map((kind): Piece[] => [
      {text: `${signOf(kind)} ${kind.padEnd(13)}`, role: roleOf(kind)},
      {text: SIGN_WORDS[kind]},
    ]),
  ];
  return inColumns(keys, signs, chapter('Words', WORDS), width);
}
