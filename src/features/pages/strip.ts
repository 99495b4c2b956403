import {classOfPage, isWritten, type PageClass, type PageRuns} from '../../model/pages/pages.ts';
import {paint, type Role} from '../../text/theme.ts';

/**
 * A region as a strip of signs. Each stands for the same number of pages (give or take one), or for a single page where
 * there is room. It shows the state of most of its present pages; how dark it is shows how many are present.
 */

/** What a strip may show, with the words of its legend. */
const SIGNS: Readonly<Record<string, readonly [words: string, role: Role | undefined]>> = {
  '█': ["all present, the process's own", 'heap'],
  '▓': ['more than half', 'heap'],
  '▒': ['less', 'heap'],
  '░': ['an eighth or less', 'heap'],
  F: ['all present, of a file or shared memory', 'move'],
  f: ['some of a file or shared memory', 'move'],
  C: ['all present, shared by copy-on-write', 'change'],
  c: ['some shared by copy-on-write', 'change'],
  z: ['the zero page', 'quiet'],
  s: ['swapped', 'bad'],
  x: ['guard', 'go'],
  '·': ['absent', 'quiet'],
  '?': ['not read', 'quiet'],
};

const WRITTEN: Readonly<Record<string, string>> = {
  '█': 'all written',
  '▓': 'more than half written',
  '▒': 'some written',
  '░': 'few written',
  '·': 'not written',
};
const FRAMES_HIDDEN: Readonly<Record<string, string>> = {
  C: 'all present, shared by copy-on-write or the zero page',
  c: 'some shared by copy-on-write or the zero page',
};

/** `pages`: what is there. `written`: which pages carry the soft-dirty mark. */
export type StripOf = 'pages' | 'written';

/** @param width signs at most */
export function strip({starts, states, end}: PageRuns, pageSize: number, width: number, of: StripOf = 'pages'): string {
  const start = starts[0] ?? end;
  const pages = (end - start) / pageSize;
  const cells = Math.min(pages, width);
  const border = (cell: number): number => start + Math.floor((cell * pages) / cells) * pageSize;
  const tally = new Tally(of);
  let signs = '';
  let run = 0;
  for (let cell = 0; cell < cells; cell++) {
    const to = border(cell + 1);
    tally.clear();
    for (let at = border(cell); at < to;) {
      const next = Math.min(starts[run + 1] ?? end, to);
      tally.add(states[run]!, (next - at) / pageSize);
      at = next;
      if (at === (starts[run + 1] ?? end)) run++;
    }
    signs += tally.sign();
  }
  return signs;
}

/** The pages of one sign. */
class Tally {
  readonly #of: StripOf;
  readonly #pages: Record<PageClass, number> = {
    own: 0,
    shared: 0,
    zero: 0,
    file: 0,
    swapped: 0,
    guard: 0,
    absent: 0,
    unread: 0,
  };

  constructor(of: StripOf) {
    this.#of = of;
  }

  clear(): void {
    for (const page in this.#pages) this.#pages[page as PageClass] = 0;
  }

  add(state: number, pages: number): void {
    const page = classOfPage(state);
    if (this.#of === 'pages' || page === 'unread') this.#pages[page] += pages;
    else this.#pages[isWritten(state) ? 'own' : 'absent'] += pages;
  }

  sign(): string {
    const {own, shared, zero, file, swapped, guard, absent, unread} = this.#pages;
    const all = own + shared + zero + file + swapped + guard + absent + unread;
    const most = Math.max(own, shared, zero, file, swapped, guard);
    if (most === 0) return unread > absent ? '?' : '·';
    const there = own + shared + zero + file;
    if (most === own) return there === all ? '█' : there > all / 2 ? '▓' : there > all / 8 ? '▒' : '░';
    if (most === file) return there === all ? 'F' : 'f';
    if (most === swapped) return 's';
    if (most === shared) return there === all ? 'C' : 'c';
    return most === guard ? 'x' : 'z';
  }
}

/** Colours a strip; the signs differ without colour too. */
export const paintStrip = (signs: string): string =>
  signs.replace(/(.)\1*/gu, (same) => paint(SIGNS[same[0]!]?.[1], same));

interface LegendOf {
  readonly of: StripOf;
  readonly frames: 'known' | 'hidden';
  /** Columns; undefined: one line. */
  readonly width?: number | undefined;
}

/** What the signs of some strips mean: only those that occur. */
export function legend(strips: readonly string[], {of, frames, width = Infinity}: LegendOf): string[] {
  const used = new Set(strips.join(''));
  const other = of === 'written' ? WRITTEN : frames === 'hidden' ? FRAMES_HIDDEN : {};
  const lines: string[] = [];
  let room = 0;
  for (const sign of Object.keys(SIGNS).filter((each) => used.has(each))) {
    const words = other[sign] ?? SIGNS[sign]![0];
    const length = words.length + 2;
    const entry = `${paintStrip(sign)} ${words}`;
    if (lines.length > 0 && length + GAP.length <= room) {
      lines.push(`${lines.pop()}${GAP}${entry}`);
      room -= length + GAP.length;
    } else {
      lines.push(entry);
      room = width - length;
    }
  }
  return lines;
}

const GAP = '   ';
