import {MEASURES} from '../../model/measures.ts';
import {rangeText, type Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {inputOf, open} from '../../input/open.ts';
import {capture} from '../../procfs/capture.ts';
import {profileOf} from './pprof.ts';

/** Sample types, as far as the source has them. The last is what pprof shows first. */
const TYPES = ['size', 'swap', 'privateDirty', 'pss', 'rss'] as const;

/**
 * The memory of one moment as a profile: each region is a stack of its kind, its file or name, and its range.
 *
 * @returns undefined if it has no region
 */
export function regionProfile(snapshot: Snapshot): Uint8Array | undefined {
  const regions = [...snapshot.regions];
  const known = TYPES.filter((key) => regions.some((region) => MEASURES[key].ofRegion(region) !== undefined));
  if (regions.length === 0) return undefined;
  return profileOf(
    known.map((name) => ({name, unit: 'bytes'})),
    regions.map((region) => ({
      path: pathOf(region),
      values: known.map((key) => MEASURES[key].ofRegion(region) ?? 0),
    })),
  );
}

/**
 * The one moment that an argument stands for: a process now, a snapshot or listing, or `FILE#12`.
 *
 * @returns undefined for a recording as a whole, and for what is none of these: it may be events with their causes
 * @throws Trouble
 */
export async function momentIn(text: string, root: string): Promise<Snapshot | undefined> {
  const opened = await open(inputOf(text, root));
  if (opened.is === 'process') return capture(opened.pid, {root});
  if (opened.is === 'moment') return opened.read();
  if (opened.is === 'recording') {
    opened.recording.close();
    return undefined;
  }
  try {
    return opened.read();
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'input') return undefined;
    throw error;
  }
}

const pathOf = (region: Region): string[] => {
  const {kind, name, label, perms} = region;
  return [kind, name || label || '[no name]', `${rangeText(region)} ${perms}`];
};
