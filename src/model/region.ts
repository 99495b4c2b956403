import type {Kind} from './kind.ts';

/**
 * A region: one line of /proc/PID/maps, the man page's "mapped memory region", the kernel's VMA.
 *
 * Addresses, offsets and sizes are plain numbers of bytes. That is exact: the kernel maps whole pages, so the low 12
 * bits of an address are 0 and the other 52 fit the 53 bits of a double. Print them with `hex`, never with String().
 */
export interface Region {
  /** First byte. */
  readonly start: number;
  /** First byte after the region. */
  readonly end: number;
  /**
   * As the kernel prints it: `rw-p`, and `????` where the source has none. Ask `isReadable` and the like what it says.
   */
  readonly perms: string;
  /** Where in the file the region begins, in bytes; 0 for anonymous memory; undefined where the source doesn't say. */
  readonly offset: number | undefined;
  /**
   * `major:minor` of the file's device, in hex as printed; `00:00` for anonymous memory, '' where the source has none.
   */
  readonly dev: string;
  /** Decimal. A string, since overlay filesystems use all 64 bits. '' where the source has none. */
  readonly inode: string;
  /** The kernel's text after the inode and its padding; '' if unnamed. Bytes that aren't UTF-8 show as U+FFFD. */
  readonly name: string;
  /** The name's bytes, where they are not valid UTF-8: two such names may look alike, and this distinguishes them. */
  readonly nameBase64?: string | undefined;
  /** What the region is for; decided by `classify`, once. */
  readonly kind: Kind;
  /** What it is in a few words, where the name doesn't say: `stack of thread 4242 (worker)`, `V8 young generation`. */
  readonly label?: string | undefined;
  /** Why `kind` and `label` are what they are, in one clause: `VmFlags has ht`. Decided by `classify`. */
  readonly evidence?: string | undefined;
  /** `guess` where only the shape and the neighbours tell; absent where the kernel or a file says so. */
  readonly confidence?: 'guess' | undefined;
  /** The smaps counters, where the source has them. Absent is not zero. */
  readonly usage?: Usage | undefined;
  /** VmFlags codes in the kernel's order, unknown ones kept. Compare as a set: the order changed between kernels. */
  readonly flags?: readonly string[] | undefined;
  /** smaps lines that are not byte counters, as printed (THPeligible, ProtectionKey, Android's Name). */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** What `classify` says of a region. */
export type Purpose = Pick<Region, 'kind' | 'label' | 'evidence' | 'confidence'>;

/** What smaps says of a region, and maps doesn't. */
export type Counted = Pick<Region, 'usage' | 'flags' | 'attributes'>;

/** Where a region lies, in memory and in its file. */
type Place = Pick<Region, 'start' | 'end' | 'offset'>;

/** Does `classify` say the same of both? */
export const isSamePurpose = (a: Purpose, b: Purpose): boolean =>
  a.kind === b.kind && a.label === b.label && a.evidence === b.evidence && a.confidence === b.confidence;

/** A region as an object that can be kept. */
export const copyOf = (region: Region): Region => copied(region, region, region, region);

export const withPurpose = (region: Region, purpose: Purpose): Region => copied(region, region, purpose, region);

export const withCounted = (region: Region, counted: Counted): Region => copied(region, region, region, counted);

/** A part of a region. Its counters were for the whole, so they are dropped rather than counted twice. */
export const withPlace = (region: Region, place: Place): Region =>
  copied(region, place, region, {usage: undefined, flags: region.flags, attributes: region.attributes});

/** A literal with all fields is about ten times as fast as a spread, and all regions keep one hidden class. */
const copied = (region: Region, place: Place, purpose: Purpose, counted: Counted): Region => ({
  start: place.start,
  end: place.end,
  perms: region.perms,
  offset: place.offset,
  dev: region.dev,
  inode: region.inode,
  name: region.name,
  nameBase64: region.nameBase64,
  kind: purpose.kind,
  label: purpose.label,
  evidence: purpose.evidence,
  confidence: purpose.confidence,
  usage: counted.usage,
  flags: counted.flags,
  attributes: counted.attributes,
});

/**
 * What has permissions in the kernel's letters: proc_pid_maps(5). Each question below says no where the source doesn't
 * tell; `isAllowed` knows the third answer.
 */
export interface Protected {
  readonly perms: string;
}

/** A letter of the permissions; `s` is at the place of private or shared. */
export type Permission = 'r' | 'w' | 'x' | 's';

/**
 * @returns undefined where the source doesn't tell: it has no permissions (`????`), or, like pmap, it lacks the fourth
 * letter
 */
export function isAllowed({perms}: Protected, permission: Permission): boolean | undefined {
  const letter = perms[LETTERS.indexOf(permission)];
  if (letter === permission) return true;
  return letter === (permission === 's' ? 'p' : '-') ? false : undefined;
}

const LETTERS = 'rwxs';

/** PROT_READ. */
export const isReadable = ({perms}: Protected): boolean => perms[0] === 'r';

/** PROT_WRITE. */
export const isWritable = ({perms}: Protected): boolean => perms[1] === 'w';

/** PROT_EXEC. */
export const isExecutable = ({perms}: Protected): boolean => perms[2] === 'x';

/** PROT_WRITE and PROT_EXEC at once: whoever can write there can run anything. */
export const isWritableCode = (region: Protected): boolean => isWritable(region) && isExecutable(region);

/** MAP_SHARED was asked for, whether or not others map it now. */
export const isShared = ({perms}: Protected): boolean => perms[3] === 's';

/** MAP_PRIVATE: a write makes a copy of the page. */
export const isPrivate = ({perms}: Protected): boolean => perms[3] === 'p';

/** Neither read nor write nor execute: PROT_NONE. Not said of unknown permissions. */
export const hasNoAccess = ({perms}: Protected): boolean => perms[0] === '-' && perms[1] === '-' && perms[2] === '-';

/** The label by which a region may be looked for. That of plain anonymous memory only tells what it lies between. */
export const ownLabel = ({kind, label}: Region): string | undefined => (kind === 'anon' ? undefined : label);

/** Bytes of address space; not of memory. */
export const sizeOf = (region: {start: number; end: number}): number => region.end - region.start;

/**
 * An address without 0x, padded to 8 digits as /proc/PID/maps prints it.
 *
 * toString(16) takes 250 ns, since V8 handles a number above 2^31 digit by digit. Neighbours share the upper digits,
 * and the last three of whole pages are 0: put together of these it takes 30 ns, and 60,000 ranges 8 ms instead of 45.
 */
export function address(value: number): string {
  const upper = Math.floor(value / REACH);
  const pages = (value - upper * REACH) / 4096;
  if (upper < 0x100 || !Number.isInteger(pages)) return value.toString(16).padStart(8, '0');
  if (upper !== lastUpper) {
    lastUpper = upper;
    lastUpperText = upper.toString(16);
  }
  return lastUpperText + (PAGES[pages] ??= `${pages.toString(16).padStart(3, '0')}000`);
}

/** The lower six digits. */
const REACH = 2 ** 24;
const PAGES: string[] = [];
let lastUpper = 0;
let lastUpperText = '';

/** A range as /proc/PID/maps prints it: `00400000-00401000`. */
export const rangeText = (range: {start: number; end: number}): string =>
  `${address(range.start)}-${address(range.end)}`;

/** An address or offset for JSON: `"0x400000"`. JSON numbers can't hold 64 bits. */
export const hex = (value: number): string => `0x${value < 2 ** 32 ? value.toString(16) : address(value)}`;

/**
 * Is this memory backed by a file? Anonymous shared memory has an inode: the kernel backs it by a file. A path is a
 * file also where the source gives its inode as 0.
 */
export const isFileBacked = (region: Pick<Region, 'dev' | 'inode' | 'name'>): boolean =>
  region.name.startsWith('/') || region.inode === ''
    ? /^[^[]/.test(region.name)
    : region.inode !== '0' || (region.dev !== '00:00' && region.dev !== '');

/** Is it the one record of smaps_rollup? It has the sums of all regions; how much is mapped it does not say. */
export const isRollup = ({name}: Region): boolean => name === '[rollup]';

/** The document of contract section "Region". */
export function regionJSON(region: Region): Record<string, unknown> {
  return {
    start: hex(region.start),
    end: hex(region.end),
    size: sizeOf(region),
    perms: region.perms,
    offset: region.offset === undefined ? null : hex(region.offset),
    dev: region.dev,
    inode: region.inode,
    name: region.name,
    nameBase64: region.nameBase64,
    kind: region.kind,
    label: region.label,
    evidence: region.evidence,
    confidence: region.confidence,
    usage: region.usage,
    flags: region.flags,
    attributes: region.attributes,
  };
}

/**
 * The counters of one region's smaps record, in bytes, under the kernel's keys in camelCase (`Pss_Dirty` is
 * `pssDirty`). Keys that this version doesn't know are kept the same way. A key that is absent was not in the source:
 * it is not zero.
 *
 * "private" and "shared" count pages that one or more processes map now. They say nothing about MAP_SHARED
 * (Documentation/filesystems/proc.rst), and they change when another process starts or ends.
 */
export interface Usage {
  readonly [counter: string]: number | undefined;
  /** Pages in RAM now, shared ones in full. Not counted: hugetlb pages and the zero page. */
  readonly rss?: number;
  /** Each page divided by how often it is mapped. */
  readonly pss?: number;
  readonly privateClean?: number;
  readonly privateDirty?: number;
  readonly sharedClean?: number;
  readonly sharedDirty?: number;
  /** Pages that belong to no file, copied ones of private file mappings too. */
  readonly anonymous?: number;
  readonly swap?: number;
  readonly locked?: number;
}

/**
 * What shows that memory of a process was touched, given back or swapped. Pss and the split into private and shared,
 * private dirty too, also move when another process forks, starts or ends, or when the kernel writes pages back; a
 * change based on those would be noise.
 */
export const OWN_COUNTERS = ['rss', 'anonymous', 'swap'] as const;

/** Size is known from the region itself, and page sizes are not amounts: these are left out of sums. */
export const NOT_SUMMED: ReadonlySet<string> = new Set(['size', 'kernelPageSize', 'mmuPageSize']);

/** Adds `usage`, `sign` times, into `sum` (changed in place). */
export function addUsage(sum: Record<string, number>, usage: Usage | undefined, sign = 1): void {
  if (!usage) return;
  for (const counter in usage) {
    if (!NOT_SUMMED.has(counter)) sum[counter] = (sum[counter] ?? 0) + sign * (usage[counter] ?? 0);
  }
}

/**
 * Hex digits as a number. Up to 13 digits any value is exact; with more, only whole pages are (the last three digits
 * 0), since a double has 53 bits.
 *
 * @returns undefined where the value would not be exact, or isn't hex
 */
export function exactHex(digits: string): number | undefined {
  if (!/^[0-9a-f]{1,16}$/i.test(digits)) return undefined;
  const significant = digits.replace(/^0+/, '');
  return significant.length <= 13 || significant.endsWith('000') ? Number.parseInt(digits, 16) : undefined;
}

/**
 * Is a number that isn't whole pages exact, and can it be written as hex and read back? All addresses of user space
 * can.
 */
export const isExact = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 52;
