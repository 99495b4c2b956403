import type {Charge} from './report.ts';

// The kernel's numbers have 64 bits, which is 20 digits at most.

/** `memory: usage 32768kB, limit 32768kB, failcnt 42`: mem_cgroup_print_oom_meminfo(), mm/memcontrol.c. */
export function chargeIn(text: string): readonly [what: string, charge: Charge] | undefined {
  const match =
    /(?:^|\s)(memory|memory\+swap|kmem|swap): usage (\d{1,20})kB, limit (\d{1,20})kB, failcnt (\d{1,20})\b/.exec(text);
  if (!match) return undefined;
  const limit = Number(match[3]) * 1024;
  const isNone = limit >= NO_LIMIT;
  return [match[1]!, {usage: Number(match[2]) * 1024, ...(!isNone && {limit}), failures: Number(match[4])}];
}

/** PAGE_COUNTER_MAX is 2^63 bytes, less a page. */
const NO_LIMIT = 2 ** 62;

/**
 * The counters of the whole machine, in pages: show_free_areas() and show_mem(), mm/show_mem.c. Only lines that are of
 * all nodes; lines of a node begin with its name.
 *
 * @returns pages by the kernel's names; undefined for another line
 */
export function machineIn(text: string): Readonly<Record<string, number>> | undefined {
  const single = SINGLES.find(([form]) => form.test(text));
  if (single) return {[single[1]]: Number(single[0].exec(text)![1])};
  if (/^(?:Node|DMA|Normal|HighMem|Movable)/.test(text)) return undefined;
  const pairs = [...text.matchAll(/\b([a-z_]{2,30}):(\d{1,20})(?=\s|$)/g)];
  if (pairs.length === 0 || !pairs.every(([, name]) => COUNTERS.has(name!))) return undefined;
  return Object.fromEntries(pairs.map(([, name, count]) => [name!, Number(count)]));
}

const COUNTERS: ReadonlySet<string> = new Set(
  (
    'active_anon inactive_anon isolated_anon active_file inactive_file isolated_file unevictable dirty writeback ' +
    'unstable slab_reclaimable slab_unreclaimable mapped shmem pagetables sec_pagetables bounce ' +
    'kernel_misc_reclaimable free free_pcp free_cma'
  ).split(' '),
);

const SINGLES: ReadonlyArray<readonly [form: RegExp, name: string]> = [
  [/^(\d{1,20}) total pagecache pages$/, 'pagecache'],
  [/^(\d{1,20}) pages in swap cache$/, 'swapCache'],
  [/^(\d{1,20}) pages RAM$/, 'ram'],
  [/^(\d{1,20}) pages reserved$/, 'reserved'],
  [/^(\d{1,20}) pages hwpoisoned$/, 'poisoned'],
];

/** `Free swap  = 0kB`, in bytes. */
export function swapIn(text: string): Readonly<Record<string, number>> | undefined {
  const match = /^(Free|Total) swap *= (\d{1,20})kB$/.exec(text);
  return match ? {[match[1] === 'Free' ? 'swapFree' : 'swapTotal']: Number(match[2]) * 1024} : undefined;
}

/**
 * memory.stat of a cgroup, in bytes: a counter a line, or until Linux 4.x all in one line in KB, after `Memory cgroup
 * stats for PATH:`. What is no amount of memory (events) is left out.
 */
export function statIn(text: string): Readonly<Record<string, number>> | undefined {
  const one = /^([a-z_]{2,40}) (\d{1,19})$/.exec(text);
  if (one) return isAmount(one[1]!) ? {[one[1]!]: Number(one[2])} : {};
  const many = [...text.matchAll(/\b([a-z_]{2,40}):(\d{1,20})KB/g)];
  return many.length === 0 ? undefined : Object.fromEntries(many.map(([, name, size]) => [name!, Number(size) * 1024]));
}

/** Counts of events, and limits. */
const isAmount = (name: string): boolean =>
  !/^(?:total_)?(?:pg|workingset|thp_|zswp|numa_|hugetlb_|swpin|swpout|hierarchical_|demote|promote)/.test(name);

/** Bytes of the smallest block of the buddy allocator: `Node 0 DMA: 1*4kB (U) 0*8kB … = 15360kB`. */
export function smallestBlock(text: string): number | undefined {
  const match = /^(?:Node \d+ )?\w+: \d+\*(\d{1,9})kB /.exec(text);
  return match ? Number(match[1]) * 1024 : undefined;
}
