import {sizeOf, type Region} from '../model/region.ts';
import {sizeText} from '../model/amounts.ts';

const TIB = 1024 ** 4;

/** Larger regions are not read where smaps says that nothing is in them. */
const LARGE = TIB / 1024;

/** A hole costs the kernel 0.4 ms per GiB, and us as much again. */
const TOO_LARGE = TIB / 4;

/** Where canonical addresses of the kernel begin: [vsyscall] lies there. */
const KERNEL = 2 ** 63;

/**
 * Why the page map of a region, or of a part of it, should not be read; undefined if it should. Runtimes and sanitizers
 * reserve terabytes of address space that never hold a page: at 8 bytes a page, 16 TiB have a page map of 32 GiB.
 *
 * @returns a clause without a subject
 */
export function whyNotRead(region: Region, start: number, end: number): string | undefined {
  if (start >= KERNEL) return 'above user space the kernel has no page map';
  if (isDevice(region)) return 'the page map does not show pages of a device, or of the kernel itself';
  const isWhole = end - start === sizeOf(region);
  if (isWhole && end - start > LARGE && isEmpty(region)) return 'large, and nothing in it is resident or swapped';
  if (end - start > TOO_LARGE) return `larger than ${sizeText(TOO_LARGE)}; choose a part, as START-END`;
  return undefined;
}

/** VmFlags has pf: bare page frames, which the kernel doesn't count. The page map calls them absent. */
const isDevice = ({flags, kind}: Region): boolean =>
  flags ? flags.includes('pf') : kind === 'vvar' || kind === 'device';

/** By smaps; where that was not read, memory without access is taken for empty. */
function isEmpty({usage, perms}: Region): boolean {
  if (usage?.rss === undefined) return perms.startsWith('---');
  const {rss, swap = 0, sharedHugetlb = 0, privateHugetlb = 0} = usage;
  return rss + swap + sharedHugetlb + privateHugetlb === 0;
}
