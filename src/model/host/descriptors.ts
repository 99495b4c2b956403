import type {Region} from '../region.ts';

/**
 * Memory that open descriptors keep, whether or not a region maps it:
 * memfd    a file of memfd_create(2)
 * deleted  a file of tmpfs without a name: deleted, or opened with O_TMPFILE; POSIX shared memory after shm_unlink(3)
 * hugetlb  the same of hugetlbfs, and a memfd with MFD_HUGETLB
 * dmabuf   a buffer that drivers share
 */
export const HELD_KINDS = ['memfd', 'deleted', 'hugetlb', 'dmabuf'] as const;

export type HeldKind = (typeof HELD_KINDS)[number];

/** Of a file: how often the process has it open, and the lowest descriptor. */
interface Opened {
  readonly name: string;
  /** `major:minor` in hex, as maps prints it; absent for a dmabuf, whose inode number is unique among dmabufs. */
  readonly dev?: string | undefined;
  /** Decimal. */
  readonly inode: string;
  readonly descriptors: number;
  readonly fd: number;
}

/** One file, however many descriptors of the process are open on it. */
export interface HeldFile extends Opened {
  readonly kind: HeldKind;
  /** In RAM or on swap. Of a dmabuf its size: where it lies, its exporter decides. */
  readonly bytes: number;
  /** The driver that made a dmabuf. */
  readonly exporter?: string | undefined;
}

/** A large file with a name. */
export interface OpenFile extends Opened {
  /** Its length, in bytes. */
  readonly size: number;
  /** Of a file of tmpfs, which is memory: in RAM or on swap. Of others nobody says how much is in the page cache. */
  readonly bytes?: number | undefined;
}

/** What a client of a GPU has in one kind of memory, in bytes: Documentation/gpu/drm-usage-stats.rst. */
export interface GpuMemory {
  /** All of its buffers, those that are shared with other clients too. */
  readonly total?: number;
  readonly shared?: number;
  /** Of all of them, what is there and not evicted. Older kernels print it as drm-memory. */
  readonly resident?: number;
  readonly purgeable?: number;
  readonly active?: number;
}

/** One open of a GPU: descriptors that were duplicated or sent to others have the same client. */
export interface GpuClient {
  readonly driver: string;
  /** Its address on the PCI bus. */
  readonly device?: string | undefined;
  readonly client: string;
  readonly descriptors: number;
  /** By the driver's name of it: `vram0`, `gtt`, `system`. */
  readonly memory: Readonly<Record<string, GpuMemory>>;
}

/** What the descriptors of a process hold. */
export interface Descriptors {
  /** How many are open; absent where that isn't known. */
  readonly open?: number | undefined;
  /** How many were looked at: fewer than all where time was up. */
  readonly looked: number;
  /** Descriptors that may hold memory, of which it could not be found out. */
  readonly unknown: number;
  readonly held: readonly HeldFile[];
  readonly gpu: readonly GpuClient[];
  /** The largest files with a name: see LARGE_FILE. */
  readonly files: readonly OpenFile[];
}

/** Shorter files are not in a list of open files: bytes. */
export const LARGE_FILE = 64 * 1024 * 1024;

/** Was everything looked at? Else sums are lower bounds. */
export const isComplete = ({open, looked, unknown}: Descriptors): boolean =>
  unknown === 0 && open !== undefined && looked >= open;

const DMABUF = '/dmabuf:';

/** Distinguishes files: two of them with the same key are one. */
export const fileKey = ({dev, inode}: Pick<Opened, 'dev' | 'inode'>): string => `${dev ?? DMABUF} ${inode}`;

/** What a region maps. */
type Mapped = Pick<Region, 'name' | 'dev' | 'inode'>;

/** The same of what a region maps. */
export const mappedKey = ({name, dev, inode}: Mapped): string =>
  fileKey({dev: name.startsWith(DMABUF) ? undefined : dev, inode});

/** Distinguishes clients of GPUs: the number is unique on one device at least. */
const clientKey = ({driver, device = '', client}: GpuClient): string => `${driver} ${device} ${client}`;

/** Sums in bytes: of files each once, and of clients each once, whoever else has them open. */
export interface Held {
  /** What is mapped by none of those who were looked at: no other figure has it. */
  readonly unmapped: number;
  /** What one of them maps too: it is in RSS and PSS as far as it was touched. */
  readonly mapped: number;
  /** Files that are not mapped. */
  readonly files: ReadonlyMap<string, HeldFile>;
  /** What GPUs have resident for the clients, by kind of memory. */
  readonly gpu: Readonly<Record<string, number>>;
}

/**
 * What the descriptors of several processes hold together.
 *
 * @param mapped the keys of the files that they map: mappedKey()
 */
export function heldTogether(all: readonly Descriptors[], mapped: (key: string) => boolean): Held {
  const files = new Map<string, HeldFile>();
  let inRegions = 0;
  let unmapped = 0;
  const seen = new Set<string>();
  for (const file of all.flatMap(({held}) => held)) {
    const key = fileKey(file);
    if (seen.has(key)) continue;
    seen.add(key);
    if (mapped(key)) inRegions += file.bytes;
    else {
      unmapped += file.bytes;
      files.set(key, file);
    }
  }
  const clients = new Map(all.flatMap(({gpu}) => gpu.map((client) => [clientKey(client), client] as const)));
  const gpu: Record<string, number> = {};
  for (const {memory} of clients.values())
    for (const [name, {resident}] of Object.entries(memory))
      if (resident !== undefined) gpu[name] = (gpu[name] ?? 0) + resident;
  return {unmapped, mapped: inRegions, files, gpu};
}

/** What one process holds. @param regions all that it maps */
export function heldBy(descriptors: Descriptors, regions: readonly Mapped[]): Held {
  if (descriptors.held.length === 0) return heldTogether([descriptors], () => false);
  const mapped = new Set(regions.filter(({inode}) => inode !== '0' && inode !== '').map(mappedKey));
  return heldTogether([descriptors], (key) => mapped.has(key));
}

/**
 * Open files that no region maps, as far as anybody can tell: on overlayfs and btrfs maps prints another device than
 * stat(2), so a file that has the inode number or the name of a mapped one is left out.
 */
export function unmappedFiles({files}: Descriptors, regions: readonly Mapped[]): OpenFile[] {
  const names = new Set(regions.map(({name}) => name));
  const inodes = new Set(regions.map(({inode}) => inode));
  return files.filter(({name, inode}) => !names.has(name) && !inodes.has(inode));
}
