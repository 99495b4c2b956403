import {lineOf, type Piece} from './frame-line.ts';
import type {FrameState} from './frame-state.ts';
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

const hints = (...keys: ReadonlyArray<readonly [key: string, what: string]>): Piece[] =>
  keys.flatMap(([key, what], index) => [
    {text: index === 0 ? '' : '   '},
    {text: key, role: 'title'},
    {text: ` ${what}`, role: 'quiet'},
  ]);
