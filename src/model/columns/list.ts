import {JsonList} from '../json.ts';
import {hex, regionJSON} from '../region.ts';
import {allRows} from './combinations.ts';
import type {Regions} from './regions.ts';
import type {Stencilling} from './stencil.ts';

/** The regions of a document. What follows the place of a region is made once for all that have the same. */
export class RegionList extends JsonList {
  readonly #regions: Regions;

  constructor(regions: Regions) {
    super(regions, (row) => regionJSON(regions.at(row)));
    this.#regions = regions;
  }

  /** How to write the elements. @returns undefined where too many have something of their own: then as any list */
  stencilling(separator: string): Stencilling | undefined {
    const regions = this.#regions;
    const {start, end, length} = regions;
    const {of, firsts} = regions.alike;
    if (firsts.length > length / 2) return undefined;
    const rests = restsOf(regions);
    return {
      regions,
      rows: allRows(regions),
      stencilOf: (number) => ({
        around: ['{"start":"0x', '","end":"0x', `"${rests[number]!}`],
        addresses: ['start', 'end'],
      }),
      textOf: (row) => `{"start":"${hex(start[row]!)}","end":"${hex(end[row]!)}"${rests[of[row]!]!}`,
      separator,
    };
  }
}

/** What follows start and end in the text of regions: once for all that are alike. */
const restsOf = (regions: Regions): string[] =>
  regions.alike.firsts.map((row) => {
    const text = JSON.stringify(regionJSON(regions.at(row)));
    return text.slice(text.indexOf(',"size":'));
  });
