import {JsonList} from '../json.ts';
import {hex, regionJSON} from '../region.ts';
import type {Regions} from './regions.ts';

/**
 * The regions of a document, as text: what follows the place of a region is written once for all that have the same, so
 * that 60,000 of them are as many short texts put together of two parts.
 */
export class RegionList extends JsonList {
  readonly #regions: Regions;
  #rests: readonly string[] | undefined;

  constructor(regions: Regions) {
    super(regions, (row) => regionJSON(regions.at(row)));
    this.#regions = regions;
  }

  override texts(from: number, to: number): string[] {
    const {start, end, length} = this.#regions;
    const {of, firsts} = this.#regions.alike;
    if (firsts.length > length / 2) return super.texts(from, to);
    const texts = (this.#rests ??= restsOf(this.#regions));
    const result: string[] = [];
    for (let row = from; row < to && row < length; row++)
      result.push(`{"start":"${hex(start[row]!)}","end":"${hex(end[row]!)}"${texts[of[row]!]!}`);
    return result;
  }
}

/** What follows start and end in the text of regions: once for all that are alike. */
const restsOf = (regions: Regions): string[] =>
  regions.alike.firsts.map((row) => {
    const text = JSON.stringify(regionJSON(regions.at(row)));
    return text.slice(text.indexOf(',"size":'));
  });
