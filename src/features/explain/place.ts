import {type AddressFacts, addressJSON, gapAt} from './address.ts';
import {chunkAt} from './chunk.ts';
import type {Touchers} from '../cause/recorded/touchers.ts';
import {mapperAt, type MapperFacts, touchersAt} from './mapper.ts';
import {pageFacts} from './page.ts';
import {byWeight, regionFacts, regionFactsJSON, type RegionFacts} from './region.ts';
import {noSuchRegion, parseWanted, pick, regionAt} from '../../input/regions.ts';
import type {Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {pageSizeHere, pageStateAt} from '../../procfs/pages/pagemap.ts';
import {renderAddress, renderRegionFacts} from './text.ts';
import {heading} from '../../text/lines.ts';
import {Regions} from '../../model/columns/regions.ts';
import {renderRegions} from '../../text/regions.ts';
import {fileFacts, sectionsIn} from './file.ts';
import type {Looked} from './target.ts';

/** An answer in both forms. */
interface Answer {
  readonly json: () => object;
  readonly text: (width: number | undefined) => string;
}

/** At most this many regions are explained one by one; more of them are listed. */
const MOST_EXPLAINED = 4;

/**
 * What is at a place of an address space: an address, or the regions of a range or name.
 *
 * @param isHeap tell malloc's chunk of an address too, for which memory is read
 */
export function explainPlace(looked: Looked, text: string, isHeap: boolean): Answer {
  const {snapshot} = looked;
  const wanted = parseWanted(text);
  if (wanted.is === 'address') return answerAddress(looked, wanted.address, isHeap);
  if (isHeap) throw noAddress(text);
  const regions = pick(snapshot.regions, wanted);
  if (regions.length === 0) {
    if (wanted.is === 'range') return answerAddress(looked, wanted.start, false);
    throw noSuchRegion(snapshot.regions, text, looked.name);
  }
  const facts = (some: readonly Region[]): RegionFacts[] => some.map((region) => regionFacts(snapshot.regions, region));
  const sections = regions.length === 1 ? sectionsIn(looked, regions[0]!) : [];
  return {
    json: () => ({...head(snapshot, 'region'), asked: text, sections, regions: facts(regions).map(regionFactsJSON)}),
    text: (width) =>
      regions.length <= MOST_EXPLAINED
        ? renderRegionFacts(snapshot, facts(regions), sections, width)
        : manyRegions(looked, text, regions, width),
  };
}

/** Many regions as a table, and an explanation of the largest. */
function manyRegions(looked: Looked, asked: string, regions: readonly Region[], width: number | undefined): string {
  const most = regions.reduce((best, region) => (byWeight(best, region) <= 0 ? best : region));
  const facts = regionFacts(looked.snapshot.regions, most);
  const one = renderRegionFacts(looked.snapshot, [facts], sectionsIn(looked, most), width);
  const title = heading(`${regions.length} regions match ${asked}:`, width);
  return (
    `${title}\n\n${[...renderRegions(Regions.of(regions), {width})].join('\n')}\n\nThe one that takes the ` +
    `most:\n\n${one}`
  );
}

/** @param text what was given instead, if anything */
export const noAddress = (text?: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `Cannot tell malloc's chunk${text === undefined ? '' : ` of "${text}"`}.`,
    why: '--heap says which chunk an address lies in, and needs an address.',
    next: 'Give one as 0x…; the heap as a whole is told by: memmap heap PID',
  });

function answerAddress(looked: Looked, address: bigint, isHeap: boolean): Answer {
  const facts = addressFacts(looked, address, isHeap);
  return {
    json: () => ({...head(looked.snapshot, 'address'), ...addressJSON(facts)}),
    text: (width) => renderAddress(looked.snapshot, facts, width),
  };
}

function addressFacts(looked: Looked, address: bigint, isHeap: boolean): AddressFacts {
  const {regions, clues} = looked.snapshot;
  const region = regionAt(regions, address);
  const nothing = {offset: undefined, file: undefined, chunk: undefined, page: undefined, pageNote: undefined};
  if (!region) return {...nothing, region, address, gap: gapAt(regions, address, clues.limits)};
  return {
    address,
    region: regionFacts(regions, region),
    offset: Number(address - BigInt(region.start)),
    gap: undefined,
    file: fileFacts(looked, region, address),
    chunk: isHeap ? chunkAt(looked, Number(address)) : undefined,
    mapper: mapperOf(looked, address),
    touchers: touchersIn(looked, region, address),
    ...pageOf(looked, region, address),
  };
}

function mapperOf({recording, snapshot}: Looked, address: bigint): MapperFacts | undefined {
  return recording === undefined ? undefined : mapperAt(recording, Number(address), snapshot.takenAt ?? '');
}

function touchersIn({recording, snapshot}: Looked, region: Region, address: bigint): Touchers | undefined {
  if (recording === undefined) return undefined;
  const moment = Number(snapshot.source.name!.slice(recording.length + 1));
  return touchersAt(recording, Number(address), region, moment);
}

function pageOf({handle, snapshot}: Looked, region: Region, address: bigint): Pick<AddressFacts, 'page' | 'pageNote'> {
  const unknown = (why: string): {page: undefined; pageNote: string} => ({
    page: undefined,
    pageNote: `Not known: ${why}`,
  });
  if (!handle) return unknown('only a live process has it (/proc/PID/pagemap).');
  if (region.kind === 'vsyscall') return unknown('pagemap does not reach this high.');
  try {
    const pageSize = snapshot.clues.pageSize ?? pageSizeHere(handle.root);
    const state = pageStateAt(handle, Number(address), pageSize);
    return state === undefined ? unknown(NO_WORD) : {page: pageFacts(state), pageNote: undefined};
  } catch (error) {
    return unknown(error instanceof Trouble && error.kind === 'denied' ? error.why : NO_WORD);
  }
}

const NO_WORD = 'the kernel has no entry for it.';

/** Whose address space it is: how every document about a target begins. */
export const head = ({source, process}: Snapshot, about: string): object => ({
  schema: 'memmap.explain/1',
  about,
  source,
  process,
});
