import type {Region} from './region.ts';

/**
 * What it means that a VmFlag is set or no longer set, as the rest of a sentence that begins with a region. The flags
 * are those of show_smap_vma_flags() in fs/proc/task_mmu.c (6.18); `explain CODE` has each in full. The calls are
 * examples: mmap(2) sets some of these flags too (MAP_LOCKED, MAP_DROPPABLE), and so does prctl(2).
 */
const FLAG_PHRASES: Readonly<Record<string, readonly [set: string, cleared: string]>> = {
  mr: ['may be made readable', 'may no longer be made readable'],
  mw: ['may be made writable', 'may no longer be made writable'],
  me: ['may be made executable', 'may no longer be made executable'],
  ms: ['may be shared', 'may no longer be shared'],
  gd: ['grows downwards', 'no longer grows downwards'],
  lo: ['is locked in RAM (as with mlock)', 'is no longer locked in RAM'],
  lf: ['is locked as its pages are touched (as with MLOCK_ONFAULT)', 'is no longer locked on fault'],
  sr: ['is read in order (as with MADV_SEQUENTIAL)', 'is no longer marked as read in order'],
  rr: ['is read at random (as with MADV_RANDOM)', 'is no longer marked as read at random'],
  dc: [
    'is not given to children by fork (as with MADV_DONTFORK)',
    'is given to children by fork again (as with MADV_DOFORK)',
  ],
  de: ['cannot be enlarged by mremap', 'can be enlarged by mremap again'],
  ac: ['is charged to the commit limit', 'is no longer charged to the commit limit'],
  nr: ['is not charged to the commit limit (as with MAP_NORESERVE)', 'no longer has MAP_NORESERVE'],
  wf: [
    'is wiped in children by fork (as with MADV_WIPEONFORK)',
    'is kept in children by fork (as with MADV_KEEPONFORK)',
  ],
  dd: ['is left out of core dumps (as with MADV_DONTDUMP)', 'is in core dumps again (as with MADV_DODUMP)'],
  hg: ['asks for transparent huge pages (as with MADV_HUGEPAGE)', 'no longer asks for transparent huge pages'],
  nh: ['takes no transparent huge pages (as with MADV_NOHUGEPAGE)', 'may take transparent huge pages again'],
  mg: ['may be merged by KSM (as with MADV_MERGEABLE)', 'is no longer merged by KSM (as with MADV_UNMERGEABLE)'],
  um: ['has its missing pages supplied by userfaultfd', 'no longer has its missing pages supplied by userfaultfd'],
  uw: ['has its writes reported to userfaultfd', 'no longer has its writes reported to userfaultfd'],
  ui: ['has its minor faults reported to userfaultfd', 'no longer has its minor faults reported to userfaultfd'],
  mt: ['has memory tags (PROT_MTE)', 'no longer has memory tags'],
  bt: ['is guarded against wrong branch targets (PROT_BTI)', 'is no longer guarded against wrong branch targets'],
  sl: ['is sealed (mseal)', 'is no longer sealed'],
  gu: ['may have guard pages in it (as with MADV_GUARD_INSTALL)', 'no longer has guard pages in it'],
};

/**
 * Flags that say nothing about what a program did to a region: rd, wr, ex and sh repeat its permissions, and sd
 * (soft-dirty) is cleared by whoever writes to clear_refs and set again by the kernel.
 */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['rd', 'wr', 'ex', 'sh', 'sd']);

/** VmFlags that a region gained and lost. */
interface FlagChange {
  readonly set: readonly string[];
  readonly cleared: readonly string[];
}

/** @returns what differs in the flags; undefined where nothing does, or where one side does not have its flags */
export function flagChange({flags: before}: Region, {flags: after}: Region): FlagChange | undefined {
  if (!before || !after || before === after) return undefined;
  const set = after.filter((code) => !SAYS_NOTHING.has(code) && !before.includes(code));
  const cleared = before.filter((code) => !SAYS_NOTHING.has(code) && !after.includes(code));
  return set.length + cleared.length > 0 ? {set, cleared} : undefined;
}

/**
 * `is locked in RAM (as with mlock), is sealed (mseal)`: an unknown code is printed as it is. What is locked as it is
 * touched (lf) has lo as well, and is not all in RAM.
 */
export const flagPhrases = ({set, cleared}: FlagChange): string =>
  [
    ...set
      .filter((code) => code !== 'lo' || !set.includes('lf'))
      .map((code) => FLAG_PHRASES[code]?.[0] ?? `has the flag ${code}`),
    ...cleared.map((code) => FLAG_PHRASES[code]?.[1] ?? `no longer has the flag ${code}`),
  ].join(', ');
