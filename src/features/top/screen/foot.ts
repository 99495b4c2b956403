import {chapter, fitting, HELP, type Hint, hints, inColumns, QUIT, typedLine} from '../../../terminal/hints.ts';
import {lineOf} from '../../../text/lines.ts';
import {safe} from '../../../text/safe.ts';
import {nextGrouping, type TopState, type View} from './view.ts';

/** The keys that work now, or why a process could not be opened. */
export function footLine({view, hasKeys}: TopState, width: number): string {
  if (!hasKeys) return lineOf([{text: 'Ctrl-C quits', role: 'quiet'}], width);
  if (view.said !== undefined) return lineOf([{text: safe(view.said), role: 'bad'}], width);
  if (view.isTyping) return typedLine(view.filter, width);
  if (view.help !== undefined)
    return lineOf(
      hints([
        ['↑↓', 'scroll'],
        ['any other key', 'back'],
      ]),
      width,
    );
  const isBack = view.filter !== '' || view.inside !== undefined;
  const keys: Hint[] = [
    QUIT,
    ['p', view.isPaused ? 'resume' : 'pause'],
    view.selected === undefined ? ['↑↓', 'select'] : ['Enter', view.by === undefined ? 'watch' : 'processes'],
    ...(isBack ? [['Esc', 'back'] as const] : []),
    ['s', 'sort'],
    ['/', 'filter'],
    ['t', `by ${nextGrouping(view.by) ?? 'process'}`],
    ['r', 'reverse'],
    HELP,
  ];
  return lineOf(fitting(keys, LEAST, width), width);
}

/** The keys that can best be left out where there is little room, the first one first. */
const LEAST: readonly string[] = ['r', 'p', 's', '/', 't', 'Esc', '↑↓', 'Enter'];

const KEYS: readonly Hint[] = [
  ['q', 'quit'],
  ['p space', 'pause the screen; sampling continues'],
  ['s', 'sort by another column'],
  ['r', 'reverse the order'],
  ['t', 'totals by name, user, unit, container, cgroup'],
  ['/', 'filter by name, title, user, unit, cgroup'],
  ['↑ ↓ k j', 'select a process or group'],
  ['Enter', 'watch the process; processes of the group'],
  ['Esc', 'back; all processes again, none selected'],
  ['PgUp PgDn', 'scroll by a page'],
  ['Home End', 'to the first row, to the last'],
  ['Ctrl-L', 'draw the screen again'],
  ['Ctrl-Z', 'stop; fg continues'],
  ['? h', 'this help'],
];

const WORDS: readonly Hint[] = [
  ['PSS', 'in RAM; of shared pages its part'],
  ['resident', 'in RAM; shared pages counted in full'],
  ['Δ', 'growth of resident since top began'],
  ['+', 'began since then, and had nothing'],
  ['age', 'counters are that old; dim'],
  ['≥', 'some were not read'],
  ['history', 'resident: how it moved, not how much'],
  ['cost', 'share of the time spent sampling'],
];

const HELD: Hint = ['held', 'by open descriptors, and not mapped'];

const UNREAD: readonly Hint[] = [
  ['denied', 'you may not read its memory map'],
  ['spared', 'reading would take more than --max-stall'],
  ['over budget', 'its turn is in a later sample (--budget)'],
  ['blocked', 'a thread may hold the lock'],
  ['too slow', 'reading failed, or took too long'],
];

const allLines = (width: number, {hasHeld}: View): ReturnType<typeof inColumns> =>
  inColumns(
    chapter('Keys', KEYS),
    chapter('Words', hasHeld ? [...WORDS, HELD] : WORDS),
    chapter('In place of PSS', UNREAD),
    width,
  );

/** Each key, and what the words mean; in two columns where there is room. */
export function helpLines({view}: TopState, width: number, count: number): string[] {
  const all = allLines(width, view);
  const from = Math.min(view.help ?? 0, Math.max(0, all.length - count));
  return all.slice(from, from + count).map((pieces) => lineOf(pieces, width));
}

/** How many lines the help has at this width. */
export const helpCount = (width: number, view: View): number => allLines(width, view).length;
