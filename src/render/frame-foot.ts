import {lineOf, type Piece} from './frame-line.ts';
import type {FrameState, ReplayState} from './frame-state.ts';
import {safe} from './safe.ts';

/** What can be done now. */
export function footLine(state: FrameState, width: number): string {
  const {view, hasKeys} = state;
  if (!hasKeys) return lineOf([{text: 'Ctrl-C ends it', role: 'quiet'}], width);
  if (view.isTyping) {
    const typed = safe(view.filter.replace(/ $/, '\u00a0'));
    return lineOf([{text: '/', role: 'title'}, {text: `${typed}▏   `}, ...hints(['Enter', 'keeps it'], ['Esc', 'clears it'])], width); // prettier-ignore
  }
  if (view.help !== undefined) return lineOf(hints(['↑↓', 'scroll'], ['any other key', 'back']), width);
  if (state.replay) return replayFoot(state.replay, view.filter !== '', width);
  const isFiltered = view.filter !== '';
  return lineOf(
    hints(
      ['q', 'quit'],
      ['p', view.isPaused ? 'go on' : 'pause'],
      ['s', 'sort'],
      ['r', 'reverse'],
      ['/', 'filter'],
      ...(isFiltered ? ([['Esc', 'all regions']] as const) : []),
      ['?', 'help'],
    ),
    width,
  );
}

function replayFoot({typed, fault, isPlaying}: ReplayState, isFiltered: boolean, width: number): string {
  if (typed !== undefined)
    return lineOf([{text: 'go to ', role: 'title'}, {text: `${safe(typed)}▏   `}, ...hints(['12 +30s 14:03:20 name', ''], ['Enter', 'goes'], ['Esc', 'back'])], width); // prettier-ignore
  if (fault !== undefined) return lineOf([{text: safe(fault), role: 'bad'}], width);
  const more = isFiltered ? ([['Esc', 'all regions']] as const) : [];
  return lineOf(hints(['q', 'quit'], ['space', isPlaying ? 'pause' : 'play'], ['← →', 'step'], ['+ −', 'speed'], ['Home End', 'first, last'], ['g', 'go to'], ['s', 'sort'], ['/', 'filter'], ...more, ['?', 'help']), width); // prettier-ignore
}

const hints = (...keys: ReadonlyArray<readonly [key: string, what: string]>): Piece[] =>
  keys.flatMap(([key, what], index) => [
    {text: index === 0 ? '' : '   '},
    {text: key, role: 'title'},
    {text: ` ${what}`, role: 'quiet'},
  ]);
