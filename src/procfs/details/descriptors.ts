import {opendirSync, readdirSync, readlinkSync, statfsSync, statSync} from 'node:fs';
import {
  type Descriptors,
  type GpuClient,
  type HeldFile,
  type HeldKind,
  LARGE_FILE,
  type OpenFile,
} from '../../model/host/descriptors.ts';
import {errnoOf} from '../../model/trouble.ts';
import {type FdInfo, parseFdInfo} from '../../parse/proc/fdinfo.ts';
import type {Mount} from '../../parse/proc/mountinfo.ts';
import {decode} from '../../parse/scan.ts';
import {Scratch} from '../file.ts';
import {mountsOf} from '../machine/mounts.ts';
import {cpuTime} from '../sampling/held.ts';

/**
 * ms that the descriptors of one process may take, where the caller doesn't say: some 16,000 of them. It is memmap's
 * own time: /proc/PID/fd takes no lock that the process needs for its memory.
 */
const PATIENCE = 500;

/** On a loaded machine as many times that may pass. */
const LOADED = 4;

/** This many descriptors are looked at between two looks at the clock, and before the first. */
const STEP = 32;

/** Where the files of a process are. */
interface Place {
  path(file: string): string;
}

/**
 * What the open descriptors of a process hold. Whoever may not read /proc/PID/fd (ptrace(2), PTRACE_MODE_READ_FSCREDS)
 * is told nothing.
 *
 * A file is asked for its blocks only where its mount is known to be memory or a disk of this machine: stat(2) on a
 * file system that another machine or program serves may never return.
 *
 * @param patience ms of the processor; what is not looked at by then is missing, and `looked` is less than `open`
 * @returns undefined if the descriptors may not be read, or the process has ended
 */
export function readDescriptors(place: Place, patience: number = PATIENCE): Descriptors | undefined {
  const reader = new DescriptorReader(place);
  let end: {readonly latest: number; readonly last: number} | undefined;
  let looked = 0;
  let isWhole = true;
  try {
    for (const name of namesIn(place)) {
      if (looked > 0 && looked % STEP === 0) {
        end ??= {latest: cpuTime() + patience, last: performance.now() + LOADED * patience};
        isWhole = cpuTime() <= end.latest && performance.now() <= end.last;
        if (!isWhole) break;
      }
      if (!/^\d+$/.test(name)) continue;
      reader.look(Number(name));
      looked++;
    }
  } catch {
    return undefined; // They may not be read, or the process ended.
  }
  return {open: isWhole ? looked : countOf(place), looked, ...reader.found()};
}

/** Names of descriptors that are listed at once: a Dir of Node's is 0.5 ms to load and open. */
const FEW = 2000;

/** @throws the system's error */
function* namesIn(place: Place): Generator<string> {
  if ((countOf(place) ?? Infinity) <= FEW) return yield* readdirSync(place.path('fd'));
  const directory = opendirSync(place.path('fd'), {bufferSize: 512});
  try {
    for (let entry; (entry = directory.readSync()) !== null;) yield entry.name;
  } finally {
    directory.closeSync();
  }
}

/** How many descriptors are open: the size of the directory, since Linux 6.2. */
function countOf(place: Place): number | undefined {
  try {
    const {size} = statSync(place.path('fd'));
    return size > 0 ? size : undefined;
  } catch {
    return undefined;
  }
}

type Counted<Item> = Item & {descriptors: number};

/** statfs(2): include/uapi/linux/magic.h. */
const MAGIC = {tmpfs: 0x01021994, hugetlbfs: 0x958458f6} as const;

/** File systems on disks of this machine: stat(2) answers. */
const LOCAL = /^(ext[234]|xfs|btrfs|overlay|f2fs|zfs|tmpfs|ramfs|hugetlbfs|vfat|exfat|squashfs|erofs|iso9660)$/;

/** At most this many large files are kept. */
const MOST_FILES = 100;

/** Looks at one descriptor after the other, and knows each file once. */
class DescriptorReader {
  readonly #place: Place;
  readonly #scratch = new Scratch();
  readonly #held = new Map<string, Counted<HeldFile>>();
  readonly #gpu = new Map<string, Counted<GpuClient>>();
  readonly #files = new Map<string, Counted<OpenFile>>();
  #mounts: ReadonlyMap<number, Mount> | undefined;
  #lowest: number | undefined;
  /** Of the kernel's own mounts, by their ids: which file system they are. */
  readonly #internal = new Map<number, number | undefined>();
  #unknown = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  found(): Pick<Descriptors, 'unknown' | 'held' | 'gpu' | 'files'> {
    const files = [...this.#files.values()].sort((a, b) => b.size - a.size).slice(0, MOST_FILES);
    const held = [...this.#held.values()].sort((a, b) => b.bytes - a.bytes);
    return {unknown: this.#unknown, held, gpu: [...this.#gpu.values()], files};
  }

  look(fd: number): void {
    try {
      const link = readlinkSync(this.#place.path(`fd/${fd}`), 'latin1');
      if (DMABUF.test(link)) this.#dmabuf(fd, link, this.#info(fd));
      else if (GPU.test(link)) this.#gpuClient(this.#info(fd));
      else if (link.startsWith(MEMFD) || link.endsWith(DELETED)) this.#unnamed(fd, link, this.#info(fd));
      else if (link.startsWith('/') && !DEVICE.test(link)) this.#named(fd, link, this.#info(fd));
    } catch (error) {
      // Closed meanwhile.
      if (!['ENOENT', 'ESRCH'].includes(errnoOf(error))) this.#unknown++;
    }
  }

  #info(fd: number): FdInfo {
    return parseFdInfo(this.#scratch.readRecord(this.#place.path(`fdinfo/${fd}`)));
  }

  #dmabuf(fd: number, link: string, {dmabuf, inode}: FdInfo): void {
    if (dmabuf === undefined || inode === undefined) return void this.#unknown++;
    const {size: bytes, exporter} = dmabuf;
    addTo(this.#held, `dmabuf ${inode}`, {kind: 'dmabuf', name: nameOf(link), inode, bytes, exporter, fd});
  }

  #gpuClient({gpu}: FdInfo): void {
    // A driver that says nothing, or a node that is not a client.
    if (gpu === undefined || Object.keys(gpu.memory).length === 0) return;
    const {driver, device, client, memory} = gpu;
    if (client === undefined) return void this.#unknown++;
    addTo(this.#gpu, `${driver} ${device ?? ''} ${client}`, {driver, device, client, memory});
  }

  #unnamed(fd: number, link: string, {mount}: FdInfo): void {
    const type = mount === undefined ? undefined : this.#typeOf(mount, fd, link);
    if (type === undefined) return void this.#unknown++;
    if (type !== 'tmpfs' && type !== 'hugetlbfs') return;
    const {dev, inode, bytes, links, isFile} = this.#stat(fd);
    // " (deleted)" may be a part of the name.
    if (!isFile || links > 0) return;
    const name = nameOf(link);
    const kind: HeldKind = type === 'hugetlbfs' ? 'hugetlb' : link.startsWith(MEMFD) ? 'memfd' : 'deleted';
    addTo(this.#held, `${dev} ${inode}`, {kind, name, dev, inode, bytes, fd});
  }

  /** What a file lies on. The kernel's own mounts are in no mountinfo. */
  #typeOf(mount: number, fd: number, link: string): string | undefined {
    const type = this.#mounted().get(mount)?.type;
    if (type !== undefined || !link.startsWith(MEMFD) || !this.#isInternal(mount)) return type;
    if (!this.#internal.has(mount)) this.#internal.set(mount, statfsSync(this.#place.path(`fd/${fd}`)).type);
    const magic = this.#internal.get(mount);
    return magic === MAGIC.tmpfs ? 'tmpfs' : magic === MAGIC.hugetlbfs ? 'hugetlbfs' : undefined;
  }

  /**
   * Is it a mount that the kernel made for itself at boot? Ids are given from the lowest free one up (mnt_alloc_id() in
   * fs/namespace.c), so it is lower than those that processes mounted. A file of a program's own file system may be
   * called /memfd:x, too.
   */
  #isInternal(mount: number): boolean {
    this.#lowest ??= Math.min(Infinity, ...this.#mounted().keys());
    return this.#lowest !== Infinity && mount < this.#lowest;
  }

  #mounted(): ReadonlyMap<number, Mount> {
    return (this.#mounts ??= new Map(mountsOf(this.#place.path('.')).map((mount) => [mount.id, mount])));
  }

  #named(fd: number, link: string, {mount}: FdInfo): void {
    const type = mount === undefined ? undefined : this.#mounted().get(mount)?.type;
    if (type === undefined || !LOCAL.test(type)) return;
    const {dev, inode, bytes, size, isFile} = this.#stat(fd);
    if (!isFile || size < LARGE_FILE) return;
    const name = nameOf(link);
    addTo(this.#files, `${dev} ${inode} ${name}`, {name, dev, inode, size, fd, ...(type === 'tmpfs' && {bytes})});
  }

  #stat(fd: number): {dev: string; inode: string; bytes: number; size: number; links: bigint; isFile: boolean} {
    const stat = statSync(this.#place.path(`fd/${fd}`), {bigint: true});
    return {
      dev: deviceOf(stat.dev),
      inode: stat.ino.toString(),
      bytes: Number(stat.blocks) * BLOCK,
      size: Number(stat.size),
      links: stat.nlink,
      isFile: stat.isFile(),
    };
  }
}

/** st_blocks counts these: inode(7). */
const BLOCK = 512;

const MEMFD = '/memfd:';
const DELETED = ' (deleted)';
/** Before Linux 5.3 dmabufs had no inode of their own, and no fdinfo. */
const DMABUF = /^\/dmabuf:/;
const GPU = /^\/dev\/(dri|accel)\//;
const DEVICE = /^\/dev\/(?!shm\/)/;

function addTo<Item>(map: Map<string, Counted<Item>>, key: string, item: Omit<Item, 'descriptors'>): void {
  const known = map.get(key);
  if (known) known.descriptors++;
  else map.set(key, {...item, descriptors: 1} as unknown as Counted<Item>);
}

/** As the kernel prints it, without what it says of a file that has no name. */
const nameOf = (link: string): string => decode(link.endsWith(DELETED) ? link.slice(0, -DELETED.length) : link).text;

/** As maps prints it. In stat(2) major and minor are interleaved: new_encode_dev() in include/linux/kdev_t.h. */
function deviceOf(dev: bigint): string {
  const major = Number((dev >> 8n) & 0xfffn);
  const minor = Number((dev & 0xffn) | ((dev >> 12n) & 0xfff00n));
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}
