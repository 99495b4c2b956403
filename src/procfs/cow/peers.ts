import {type KeyBlock, KEYS_PER_BLOCK, PeerPages} from '../../model/cow/peers.ts';
import {classOfPage, PAGE} from '../../model/pages/pages.ts';
import {isFileBacked, type Region, sizeOf} from '../../model/region.ts';
import {Trouble} from '../../model/trouble.ts';
import {HIGH, LOW, pageFrame, pageState} from '../../parse/proc/pagemap.ts';
import {folderOf} from '../capture.ts';
import {ProcessHandle, withoutMemory} from '../handle.ts';
import {hasMemory, isOneMemory, type Read, readMember} from '../kin/member.ts';
import {FrameFlags} from '../pages/kpageflags.ts';
import {PageMap, pageSizeHere} from '../pages/pagemap.ts';
import {whyNotRead} from '../pages/pages.ts';
import {type Worker, workerOf} from './lineage.ts';
import {isStill, mapOf, snapshotOf} from './walk.ts';

/** Processes that are compared with each other. The caller must close it. */
export interface Peers {
  /** By age. */
  readonly members: readonly Worker[];
  /** Those that run in the memory of another one of them (vfork), and have none of their own. */
  readonly borrowed: readonly number[];
  /** Those that may not be looked at, and why the first of them may not. */
  readonly denied: readonly number[];
  readonly why: Trouble | undefined;
  readonly close: () => void;
}

/** @param isNamed they were found by name: whoever has no memory, or has ended, is left out @throws Trouble `gone` */
export function peersOf(pids: readonly number[], root: string, isNamed: boolean): Peers {
  const members: Array<Worker & {readonly read: Read}> = [];
  const denied: number[] = [];
  let why: Trouble | undefined;
  const close = (): void => members.forEach(({handle}) => handle.close());
  for (const pid of pids) {
    try {
      members.push(held(pid, root));
    } catch (error) {
      if (error instanceof Trouble && error.kind === 'denied') {
        denied.push(pid);
        why ??= error;
      } else if (!isNamed || !(error instanceof Trouble) || error.kind !== 'gone') {
        close();
        throw error;
      }
    }
  }
  // Siblings may have the same figures; a child that borrows its parent's memory, as vfork(2) does, has it for sure.
  const borrows = (child: (typeof members)[number]): boolean =>
    members.some(({pid, read}) => pid === child.stat.ppid && isOneMemory(read, child.read));
  const borrowed = members.filter(borrows).map(({pid}) => pid);
  members.sort((a, b) => a.stat.startTime - b.stat.startTime || a.pid - b.pid);
  return {members: members.filter(({pid}) => !borrowed.includes(pid)), borrowed, denied, why, close};
}

/** @throws Trouble `gone`: it has ended or has no memory; `denied` */
function held(pid: number, root: string): Worker & {readonly read: Read} {
  const handle = new ProcessHandle(pid, root);
  try {
    const stat = handle.stat();
    const read = readMember(pid, root);
    if (!read || (read !== 'hidden' && !hasMemory(read))) throw withoutMemory(handle);
    // Whoever may not read the page map is known before anything is compared.
    new PageMap(handle, pageSizeHere(root), folderOf(handle, stat)).close();
    if (read === 'hidden') throw withoutMemory(handle);
    return {...workerOf(handle, stat, stat.isForked), read};
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** What one process has in one region: pages. */
export interface PeerRow {
  /** The number of the process. */
  readonly process: number;
  readonly region: Region;
  readonly shared: number;
  /** Pages of a mapped file that it has written to, and nobody else has. */
  readonly copied: number;
  readonly own: number;
  readonly saved: number;
}

export interface PeersLook {
  readonly pageSize: number;
  readonly rows: readonly PeerRow[];
  /** By number: has it ended, or begun another program, before all was read? */
  readonly isCut: readonly boolean[];
  /** Further pages that are saved, in whatever region: those of anonymous memory where frames are hidden, at most. */
  readonly saved: number;
  /** Page frames were seen. Else it is not known who shares an anonymous page that is mapped more than once. */
  readonly isExact: boolean;
  /** Swapped pages of which nothing is known. */
  readonly swapped: number;
}

type Along = <Item>(items: readonly Item[]) => Iterable<Item>;

/**
 * Reads the pages of processes, one process after another. All pages count, those of files and shared memory too: by
 * their frame, or where that is hidden, by the file and the offset.
 *
 * @param along goes along the processes, and may report progress
 */
export function lookAtPeers({members}: Peers, along: Along): PeersLook {
  const {root} = members[0]!.handle;
  const pageSize = pageSizeHere(root);
  const flags = FrameFlags.open(root);
  const reader = new PeerReader(flags, pageSize);
  const isRead: boolean[] = [];
  try {
    for (const worker of along(members)) {
      const snapshot = snapshotOf(worker);
      const map = snapshot && mapOf(worker, pageSize);
      try {
        for (const region of map ? snapshot.regions : [])
          if (whyNotRead(region, region.start, region.end) === undefined) reader.read(map!, isRead.length, region);
      } finally {
        map?.close();
      }
      isRead.push(map !== undefined && isStill(worker));
    }
  } finally {
    flags?.close();
  }
  return {pageSize, ...reader.finish(), isCut: isRead.map((isWhole) => !isWhole)};
}

/** Where pages of a region are counted. */
interface Places {
  readonly process: number;
  readonly region: Region;
  readonly own: number;
  /** Anonymous pages of a region with a file. */
  readonly copied: number;
}

/** Reads page maps into PeerPages. */
class PeerReader {
  readonly #pages = new PeerPages();
  readonly #places: Places[] = [];
  readonly #flags: FrameFlags | undefined;
  readonly #pageSize: number;
  /** By process, anonymous pages that several map, whoever they are: frames are hidden. */
  readonly #several: number[] = [];
  #isHidden = false;
  #unknown = 0;
  #last: {readonly name: number | string; readonly block: KeyBlock} | undefined;

  constructor(flags: FrameFlags | undefined, pageSize: number) {
    this.#flags = flags;
    this.#pageSize = pageSize;
  }

  read(map: PageMap, process: number, region: Region): void {
    const pages = this.#pages;
    const own = pages.place();
    const places = {process, region, own, copied: isFileBacked(region) ? pages.place() : own};
    this.#places.push(places);
    const count = sizeOf(region) / this.#pageSize;
    for (let from = 0; from < count; from += map.mostPages) {
      const words = map.read(region.start + from * this.#pageSize, Math.min(map.mostPages, count - from));
      for (let page = 0; page * 2 < words.length; page++) {
        const high = words[page * 2 + HIGH]!;
        if (high !== 0) this.#count(words[page * 2 + LOW]!, high, from + page, places);
      }
    }
  }

  #count(low: number, high: number, page: number, {process, region, own, copied}: Places): void {
    const state = pageState(high);
    const kind = classOfPage(state);
    if (kind === 'own') return this.#pages.addAlone(copied);
    if (kind !== 'shared' && kind !== 'swapped' && kind !== 'file') return undefined;
    const isFile = (state & PAGE.file) !== 0;
    if (isFile && (state & PAGE.exclusive) !== 0) return this.#pages.addAlone(own);
    const place = isFile ? own : copied;
    const frame = this.#flags ? pageFrame(low, high) : 0;
    if (kind === 'swapped') {
      if (frame !== 0 && !isFile) return this.#add('swap ', frame, process, place);
      this.#unknown++;
      return undefined;
    }
    if (frame !== 0) {
      if (isFile || (this.#flags!.read(frame) & (PAGE.zero | PAGE.ksm)) === 0) this.#add('', frame, process, place);
      return undefined;
    }
    this.#isHidden = true;
    if (isFile && region.offset !== undefined)
      return this.#add(`${region.dev} ${region.inode} `, region.offset / this.#pageSize + page, process, place);
    this.#several[process] = (this.#several[process] ?? 0) + 1;
    this.#pages.places[place]!.shared++;
    return undefined;
  }

  /** @param space what the number is counted in: '' for page frames */
  #add(space: string, number: number, process: number, place: number): void {
    const block = Math.floor(number / KEYS_PER_BLOCK);
    const name = space === '' ? block : space + block;
    if (this.#last?.name !== name) this.#last = {name, block: this.#pages.block(name)};
    this.#pages.add(this.#last.block, number % KEYS_PER_BLOCK, process, place);
  }

  finish(): Omit<PeersLook, 'pageSize' | 'isCut'> {
    const rows = this.#places.map(({process, region, own, copied}): PeerRow => {
      const main = this.#pages.places[own]!;
      const written = copied === own ? {shared: 0, alone: 0, saved: 0} : this.#pages.places[copied]!;
      return {
        process,
        region,
        shared: main.shared + written.shared,
        copied: written.alone,
        own: main.alone,
        saved: main.saved + written.saved,
      };
    });
    // Of what several map, whoever they are, at most all that is not the largest part is saved.
    const several = this.#several.filter(Boolean);
    const saved = several.reduce((sum, pages) => sum + pages, 0) - Math.max(0, ...several);
    return {rows, saved, isExact: !this.#isHidden, swapped: this.#unknown};
  }
}
