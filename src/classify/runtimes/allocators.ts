import {isPrivate, isWritable, type Region} from '../../model/region.ts';
import {type Decision, FLAG, type Space} from '../space.ts';

/** Whose malloc a program uses. */
export type AllocatorName = 'glibc' | 'musl' | 'jemalloc' | 'tcmalloc' | 'mimalloc' | 'unknown';

/** What stands before the C library's malloc where it is mapped, by the name of its file; and musl, by its path. */
const LIBRARIES: ReadonlyArray<readonly [AllocatorName, RegExp]> = [
  ['jemalloc', /\/libjemalloc[.-][^/]*$/],
  ['tcmalloc', /\/libtcmalloc(_\w+)?[.-][^/]*$/],
  ['mimalloc', /\/libmimalloc(-\w+)?[.-][^/]*$/],
  ['musl', /\/ld-musl-[^/]+$|\/libc\.musl-[^/]+$|-linux-musl\w*\/libc\.so$/],
];

/** Without the kernel's remark on a file that was replaced: an upgrade does that. */
export const pathOf = ({name}: Pick<Region, 'name'>): string => name.replace(/ \(deleted\)$/, '');

/** An allocator other than glibc's that is mapped as a library; undefined if there is none. */
export const otherAllocator = (regions: ReadonlyArray<Pick<Region, 'name'>>): AllocatorName | undefined =>
  LIBRARIES.find(([, form]) => regions.some((region) => form.test(pathOf(region))))?.[0];

export const allocatorIn = ({names}: Space): AllocatorName | undefined =>
  otherAllocator(Array.from(names, (name) => ({name})));

/**
 * jemalloc maps its extents with MAP_NORESERVE where the kernel overcommits, as it does by default (src/pages.c,
 * os_overcommits_proc); hardly anything else in such a program does. What runtimes have was recognised before.
 */
export function tellJemalloc(space: Space): void {
  if (!space.hasAny(FLAG.nr) || allocatorIn(space) !== 'jemalloc') return;
  for (let index = 0; index < space.length; index++) {
    if (!space.isOpen(index) || !space.has(index, FLAG.nr)) continue;
    const region = space.at(index);
    if (isWritable(region) && isPrivate(region)) space.tell(index, JEMALLOC);
  }
}

/** Its label. */
export const JEMALLOCS = "jemalloc's memory";

const JEMALLOC: Decision = {
  kind: 'arena',
  label: JEMALLOCS,
  evidence: 'its program has libjemalloc, which maps with MAP_NORESERVE (VmFlags has nr)',
  confidence: 'guess',
};
