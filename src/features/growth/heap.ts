import {counted, deltaText, sizeText} from '../../model/amounts.ts';
import type {BooksFigures, BooksReading} from '../../model/heap/books.ts';
import {type Growth, type GrowthLine, lineOf, riseOf} from './growth.ts';
import type {Verdict} from './verdict/judge.ts';
import {slopeText, whyNot} from './words.ts';

/** What malloc's books say of a growth. A closed set. */
type HeapVerdict = 'in use grows' | 'kept, not leaked' | 'in use does not grow' | 'not enough data';

/** malloc's books over a time. */
export interface HeapGrowth {
  readonly verdict: HeapVerdict;
  /** How often they were read, and how many of these readings were used. */
  readonly readings: number;
  readonly used: number;
  /** Why the last one was not used that was not: a sentence's end. */
  readonly why: string | undefined;
  /** What the program has: chunks of arenas, and those that are mapped separately. */
  readonly inUse: GrowthLine;
  /** What malloc keeps. */
  readonly free: GrowthLine;
  /** The last reading that was used. */
  readonly last: BooksFigures | undefined;
  /** What it comes to: is it a leak, or memory that malloc keeps? */
  readonly sentence: string;
}

/**
 * Judges what is in use and what is free, each as growth judges memory.
 *
 * @param readings in order; those without figures are not used
 * @param growth what was judged of the process's memory over the same time
 * @param hasEnded as growthOf() has it
 */
export function heapGrowthOf(readings: readonly BooksReading[], growth: Growth, hasEnded: boolean): HeapGrowth {
  const {least, span} = growth;
  const used = readings.flatMap(({t, figures}) => (figures ? [{t, figures}] : []));
  const line = (name: string, of: (figures: BooksFigures) => number): GrowthLine => {
    const points = {t: used.map(({t}) => t), v: used.map(({figures}) => of(figures))};
    return lineOf(points, {of: 'books', name}, {least, watched: {from: 0, to: span}, hasEnded});
  };
  const inUse = line('in use', (figures) => figures.inUse + figures.mmapped);
  const free = line('free', (figures) => figures.free);
  const judged = {
    verdict: verdictOf(inUse, free),
    readings: readings.length,
    used: used.length,
    why: readings.findLast(({figures}) => figures === undefined)?.why,
    inUse,
    free,
    last: used.at(-1)?.figures,
  };
  return {...judged, sentence: sentenceOf(judged, growth)};
}

const ROSE: readonly Verdict[] = ['steady growth', 'step', 'plateau'];

/** Below this part of what is free, growth of what is in use is not what matters. */
const LITTLE = 0.1;

/** What is free counts as kept where it rose, and by more than what is in use: by far more, where that grows too. */
function verdictOf(inUse: GrowthLine, free: GrowthLine): HeapVerdict {
  if (inUse.verdict === 'not enough data') return 'not enough data';
  const isSteady = inUse.verdict === 'steady growth';
  const part = isSteady ? LITTLE : 1;
  if (ROSE.includes(free.verdict) && riseOf(inUse) < riseOf(free) * part) return 'kept, not leaked';
  return isSteady ? 'in use grows' : 'in use does not grow';
}

type Judged = Omit<HeapGrowth, 'sentence'>;

function sentenceOf({verdict, readings, used, why, inUse, free, last}: Judged, whole: Growth): string {
  const unused = readings - used;
  const because = why === undefined ? '' : `: ${why}`;
  const some = unused === 0 ? '' : `, ${unused} of them not used${because}`;
  const books = `Malloc's books (${counted(readings, 'reading')}${some})`;
  if (!last || verdict === 'not enough data')
    return `${books} do not say whether what is in use grows: ${last ? whyNot(inUse) : 'none could be used'}.`;
  const kept = `${sizeText(last.free)} is free and kept`;
  switch (verdict) {
    case 'in use grows':
      return (
        `${books}: in use grows by ${slopeText(inUse.slope!)}, to ${sizeText(inUse.last)}: the program does not ` +
        `free it, or not yet. ${kept} (${movement(free)}).`
      );
    case 'kept, not leaked':
      return (
        `${books}: free grows, from ${sizeText(free.first)} to ${sizeText(free.last)}: kept by malloc, not leaked. ` +
        `In use: ${movement(inUse)}, ${sizeText(inUse.last)} at the end. malloc_trim(0) would give back ` +
        `${last.trimmable === 0 ? 'nothing' : sizeText(last.trimmable)}.`
      );
    default:
      return (
        `${books}: in use does not grow (${movement(inUse)}, ${sizeText(inUse.last)} at the end); ${kept}.` +
        (whole.total.verdict === 'steady growth' ? ' What grows is not in the books of malloc.' : '')
      );
  }
}

/** `flat`, `shrinks, −4 MiB`, `step, +30 MiB`. */
const movement = (line: GrowthLine): string =>
  line.verdict === 'flat' || riseOf(line) === 0 ? line.verdict : `${line.verdict}, ${deltaText(riseOf(line))}`;
