import type {AllocatorName, OtherAllocator} from '../../model/heap/allocator.ts';
import type {Clues} from '../../model/clues/clues.ts';
import {isPrivate, isWritable, type Region} from '../../model/region.ts';
import {type Decision, FLAG, type Space} from '../space.ts';

/** What stands before the C library's malloc where it is mapped, by the name of its file; and musl, by its path. */
const LIBRARIES: ReadonlyArray<readonly [OtherAllocator, RegExp]> = [
  ['jemalloc', /\/libjemalloc[.-][^/]*$/],
  ['tcmalloc', /\/libtcmalloc(_\w+)?[.-][^/]*$/],
  ['mimalloc', /\/libmimalloc(-\w+)?[.-][^/]*$/],
  ['musl', /\/ld-musl-[^/]+$|\/libc\.musl-[^/]+$|-linux-musl\w*\/libc\.so$/],
];

/** Without the kernel's remark on a file that was replaced: an upgrade does that. */
export const pathOf = ({name}: Pick<Region, 'name'>): string =>
  name.endsWith(DELETED) ? name.slice(0, -DELETED.length) : name;

const DELETED = ' (deleted)';

/**
 * An allocator other than glibc's that is mapped as a library, or that the program contains.
 *
 * @param files what the headers and the symbols of mapped files say
 * @returns undefined if none is known to be there
 */
export const otherAllocator = (
  regions: ReadonlyArray<Pick<Region, 'name'>>,
  files: Clues['files'] = {},
): OtherAllocator | undefined => {
  const paths = regions.map(pathOf);
  return (
    LIBRARIES.find(([, form]) => paths.some((path) => form.test(path)))?.[0] ??
    Object.values(files).find(({allocator}) => allocator !== undefined)?.allocator
  );
};

export const allocatorIn = ({names, clues}: Space): OtherAllocator | undefined =>
  otherAllocator(
    Array.from(names, (name) => ({name})),
    clues.files,
  );

/** How memory of an allocator looks, if nothing else recognised it before. */
interface Look {
  readonly isLikely: (space: Space, index: number) => boolean;
  readonly why: string;
}

const mapsUnreserved = (space: Space, index: number): boolean => space.has(index, FLAG.nr);

/**
 * jemalloc and mimalloc map with MAP_NORESERVE where the kernel overcommits, as it does by default (jemalloc's
 * src/pages.c, os_overcommits_proc; mimalloc's src/prim/unix/prim.c, unix_mmap): hardly anything else in such a program
 * does. gperftools' tcmalloc takes the brk area first (src/system-alloc.cc); what it maps looks like anything else.
 * musl's mallocng maps groups of blocks without a mark; the brk area has its books (src/malloc/mallocng/malloc.c).
 */
const LOOKS: Readonly<Record<OtherAllocator, Look | undefined>> = {
  jemalloc: {isLikely: mapsUnreserved, why: 'jemalloc maps with MAP_NORESERVE (VmFlags has nr)'},
  mimalloc: {isLikely: mapsUnreserved, why: 'mimalloc maps with MAP_NORESERVE (VmFlags has nr)'},
  tcmalloc: undefined,
  musl: {
    isLikely: (space, index) => space.hasFlags(index) && !space.has(index, FLAG.nr) && !space.has(index, FLAG.wf),
    why: "musl's malloc maps memory for its blocks, and nothing tells this from it",
  },
};

/** What another allocator than glibc's has; what runtimes have was recognised before. */
export function tellAllocators(space: Space): void {
  const allocator = allocatorIn(space);
  if (allocator === undefined) return;
  for (const index of space.telling) if (space.regions.nameAt(index) === '[heap]') tellBrk(space, index, allocator);
  const look = LOOKS[allocator];
  if (!look) return;
  const verdict: Decision = {
    kind: 'arena',
    label: memoryOf(allocator),
    evidence: `its program has ${allocator}, and ${look.why}`,
    confidence: 'guess',
  };
  for (let index = 0; index < space.length; index++) {
    if (!space.isOpen(index) || !look.isLikely(space, index)) continue;
    const region = space.at(index);
    if (isWritable(region) && isPrivate(region) && region.name === '') space.tell(index, verdict);
  }
}

/** The kernel says that it is the brk area; who moved its end is a guess. */
function tellBrk(space: Space, index: number, allocator: OtherAllocator): void {
  const label = BRK[allocator];
  const region = space.at(index);
  if (label === undefined || !isWritable(region) || region.kind !== 'heap') return;
  space.tell(index, {
    kind: 'heap',
    label,
    evidence: `${region.evidence}; its program has ${allocator}, which uses the brk area for this`,
    confidence: 'guess',
  });
}

const memoryOf = (allocator: AllocatorName): string =>
  allocator === 'musl' ? "musl's malloc" : `${allocator}'s memory`;

const BRK: Readonly<Record<OtherAllocator, string | undefined>> = {
  tcmalloc: memoryOf('tcmalloc'),
  musl: memoryOf('musl'),
  jemalloc: undefined,
  mimalloc: undefined,
};

/** Does a label say that memory is of another allocator than glibc's? */
export const isAllocators = (label: string | undefined): boolean => label !== undefined && LABELS.has(label);

const LABELS: ReadonlySet<string> = new Set(LIBRARIES.map(([allocator]) => memoryOf(allocator)));
