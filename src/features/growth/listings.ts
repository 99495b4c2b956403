import {chooseMatch} from '../../diff/match.ts';
import {Series} from '../../history/series.ts';
import {readSeries, type Taken} from '../../input/series.ts';
import {hasRollup} from '../../model/columns/regions.ts';
import {Trouble} from '../../model/trouble.ts';
import {counted} from '../../model/amounts.ts';
import {growthOf, type GrowthMeasure} from './growth.ts';
import type {Watched} from './target.ts';

interface ListingsOptions {
  readonly measure: GrowthMeasure;
  readonly least: number;
  readonly root: string;
  /** A file that says when each listing was taken. */
  readonly times: string | undefined;
}

/**
 * Judges what listings of one process say that were saved one after another. Where the process was started again
 * between two, what came before is left out, as after exec.
 *
 * @param words files, or a directory
 */
export async function growthOfListings(
  words: readonly string[],
  {measure, least, root, times}: ListingsOptions,
): Promise<Watched> {
  const {listings, notes} = await readSeries(words, root, times);
  if (measure === 'size' && listings.some(({snapshot}) => hasRollup(snapshot.table))) throw noSizes();
  const {last, before} = lastRun(listings);
  const series = new Series([measure], measure);
  for (const {at, snapshot} of last) series.add({t: at - last[0]!.at, snapshot});
  const name = words.join(' ');
  return {
    growth: growthOf(series, measure, least),
    last: series.last!.withSource({from: 'snapshot', format: 'series', name}),
    notes: [...notes, ...(before > 0 ? [otherRun(before)] : []), ...faults(last)],
    rejected: [],
    isWhole: last.every(({snapshot}) => snapshot.isWhole),
  };
}

/** The listings from the last start of the process on, and how many there are before. */
function lastRun(listings: readonly Taken[]): {readonly last: readonly Taken[]; readonly before: number} {
  let first = 0;
  for (let index = 1; index < listings.length; index++) {
    const [one, next] = [listings[index - 1]!.snapshot, listings[index]!.snapshot];
    if (chooseMatch(one, next, 'auto').match === 'layout') first = index;
  }
  return {last: listings.slice(first), before: first};
}

const noSizes = (): Trouble =>
  new Trouble({
    kind: 'input',
    what: 'How much address space there was is not known.',
    why: 'smaps_rollup has the sums of a whole process, and does not say how much is mapped.',
    next: 'Choose another measure (--measure rss), or give copies of smaps or maps.',
  });

const otherRun = (before: number): string =>
  `${counted(before, 'listing')} before ${before === 1 ? 'is' : 'are'} of another run or program, by where its stack ` +
  'or its program is, and left out.';

/** Which listings are not whole, a sentence each. */
const faults = (listings: readonly Taken[]): string[] =>
  listings.flatMap(({name, snapshot: {isWhole, rejected, consistency}}) => {
    if (isWhole) return [];
    const why =
      rejected.length > 0
        ? `${counted(rejected.length, 'line')} of it ${rejected.length === 1 ? 'was' : 'were'} not understood`
        : consistency.torn
          ? 'it is torn'
          : 'it is cut short';
    return [`${name} is not whole: ${why}.`];
  });
