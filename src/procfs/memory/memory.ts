import {closeSync, readSync} from 'node:fs';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {isPresent} from '../../parse/proc/pagemap.ts';
import {retried} from '../file.ts';
import {withoutMemory, type ProcessHandle} from '../handle.ts';
import {openProc, textIfThere} from '../open.ts';
import {Pace} from './pace.ts';
import {PageMap} from '../pages/pagemap.ts';
import {canTrace, processTrouble} from '../trouble.ts';

/** Pages whose state is asked for at once. */
const BLOCK = 8192;

/** ms: who reads again and again waits no longer than this for a busy process, or little. */
const USUAL_PATIENCE = 250;

/**
 * The memory of a process: /proc/PID/mem, which needs the right to attach to it (ptrace(2),
 * PTRACE_MODE_ATTACH_FSCREDS). Nothing is stopped: the kernel takes mmap_lock for one page at a time (mem_rw in
 * fs/proc/base.c), and shares it with page faults. Pages that are not resident are not read, since that would bring
 * them in: the page map is asked first. What was opened shows one program image: after exec, and after the end, there
 * are no bytes.
 */
export class ProcessMemory {
  /** Bytes that were read. */
  bytesRead = 0;
  readonly #fd: number;
  readonly #pages: PageMap;
  readonly #pageSize: number;
  readonly #pace: Pace;
  /** Which pages are resident, by the first page. */
  readonly #blocks = new Map<number, Uint8Array>();
  /** The block that was asked last. */
  #block: Uint8Array = new Uint8Array(0);
  #first = Infinity;

  /**
   * @param folder '' or `task/TID/`
   * @param rate bytes a second that are read at most
   * @param patience ms of rests after which it reads faster though the process needs its lock: pace.ts
   * @throws Trouble `gone` or `denied`
   */
  constructor(handle: ProcessHandle, {pageSize, rate, patience = USUAL_PATIENCE, folder = ''}: MemoryOptions) {
    this.#pageSize = pageSize;
    this.#pace = new Pace(rate, patience);
    try {
      this.#fd = openProc(handle.path(`${folder}mem`), `${handle.root}/${handle.pid}/${folder}mem`);
    } catch (error) {
      throw memoryTrouble(handle, error);
    }
    try {
      this.#pages = new PageMap(handle, pageSize, folder);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** @returns fewer bytes than asked for, or none, where a page is not resident or the process is gone */
  readonly read = (address: number, length: number): Uint8Array => {
    const end = this.#residentEnd(address, address + length);
    if (end <= address) return new Uint8Array(0);
    const bytes = new Uint8Array(end - address);
    return bytes.subarray(0, this.#fill(bytes, address, end));
  };

  /** The same into a buffer, from its beginning. @returns how many bytes */
  readonly readInto = (address: number, length: number, into: Uint8Array): number =>
    this.#fill(into, address, this.#residentEnd(address, address + length));

  /** How many bytes of a range are resident. */
  readonly residentIn = (start: number, end: number): number => {
    const size = this.#pageSize;
    let bytes = 0;
    for (let page = Math.floor(start / size); page * size < end; page++)
      if (this.#isResident(page)) bytes += Math.min(end, (page + 1) * size) - Math.max(start, page * size);
    return bytes;
  };

  /** Forgets which pages are resident. */
  readonly refresh = (): void => {
    this.#blocks.clear();
    this.#first = Infinity;
  };

  /** ms of rests since the process wanted the lock of its memory map. */
  get rested(): number {
    return this.#pace.rested;
  }

  close(): void {
    closeSync(this.#fd);
    this.#pages.close();
  }

  #fill(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const count = this.#readSome(bytes, at - start, end - at, at);
      if (count === 0) break;
      at += count;
    }
    const got = Math.max(0, at - start);
    this.bytesRead += got;
    this.#pace.after(got, Math.max(1, got / this.#pageSize));
    return got;
  }

  /** Where the first page of a range that is not resident begins, or the range ends. */
  #residentEnd(start: number, end: number): number {
    const size = this.#pageSize;
    for (let page = Math.floor(start / size); page * size < end; page++)
      if (!this.#isResident(page)) return page * size;
    return end;
  }

  #isResident(page: number): boolean {
    let offset = page - this.#first;
    if (offset < 0 || offset >= BLOCK) {
      offset = page % BLOCK;
      this.#first = page - offset;
      let block = this.#blocks.get(this.#first);
      if (!block) this.#blocks.set(this.#first, (block = this.#load(this.#first)));
      this.#block = block;
    }
    return this.#block[offset] === 1;
  }

  #load(first: number): Uint8Array {
    const block = new Uint8Array(BLOCK);
    const words = this.#pages.read(first * this.#pageSize, BLOCK);
    this.#pace.restart();
    for (let page = 0; page * 2 < words.length; page++) if (isPresent(words, page)) block[page] = 1;
    return block;
  }

  #readSome(bytes: Uint8Array, at: number, length: number, position: number): number {
    try {
      return retried(() => readSync(this.#fd, bytes, at, length, position));
    } catch (error) {
      // EIO: unmapped since the page map was read. ESRCH: it has ended.
      if (errnoOf(error) === 'EIO' || errnoOf(error) === 'ESRCH') return 0;
      throw error;
    }
  }
}

interface MemoryOptions {
  readonly pageSize: number;
  readonly rate: number;
  readonly patience?: number | undefined;
  readonly folder?: string | undefined;
}

/** maps needs less than mem: who may read that one and not this one is kept off by another rule. */
function memoryTrouble(handle: ProcessHandle, error: unknown): Trouble {
  const trouble = processTrouble(handle.pid, error, handle.root);
  // ESRCH is the answer for zombies and kernel threads too.
  if (trouble.kind === 'gone') return withoutMemory(handle);
  if (trouble.kind !== 'denied') return trouble;
  const what = `Cannot read the memory of process ${handle.pid}.`;
  if (!mayList(handle))
    return new Trouble({kind: 'denied', what, why: trouble.why, next: canTrace() ? trouble.next : ATTACH});
  const scope = Number(textIfThere(`${handle.root}/sys/kernel/yama/ptrace_scope`) || 0);
  return new Trouble({
    kind: 'denied',
    what,
    why: `permission denied (${errnoOf(error)}): ${YAMA[scope] ?? OTHER_RULE}.`,
    next:
      scope === 3
        ? 'This can be changed only by restarting the machine with another kernel.yama.ptrace_scope.'
        : ATTACH,
  });
}

/** CAP_PERFMON, which is enough for maps, is not for this. */
const ATTACH = 'It needs the right to attach to the process: run memmap as root (sudo), or give it CAP_SYS_PTRACE.';

const OTHER_RULE =
  'its memory map may be read, but its memory only by who may attach to it, ' +
  'and a security module (SELinux, AppArmor, BPF) may forbid that';

/** Documentation/admin-guide/LSM/Yama.rst. */
const YAMA: Readonly<Record<number, string>> = {
  1: 'kernel.yama.ptrace_scope is 1, so that only an ancestor may attach to a process',
  2: 'kernel.yama.ptrace_scope is 2, so that only who has CAP_SYS_PTRACE may attach to a process',
  3: 'kernel.yama.ptrace_scope is 3, so that nobody may attach to a process',
};

function mayList(handle: ProcessHandle): boolean {
  try {
    handle.open('maps').close();
    return true;
  } catch {
    return false;
  }
}
