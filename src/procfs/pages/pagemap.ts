import {closeSync, readSync} from 'node:fs';
import {USUAL_PAGE} from '../../model/clues/clues.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {parseAuxv} from '../../parse/proc/auxv.ts';
import {firstPageState} from '../../parse/proc/pagemap.ts';
import {notOwner, processTrouble} from '../trouble.ts';
import type {ProcessHandle} from '../handle.ts';
import {openProc, readIfThere} from '../open.ts';

/** Bytes per word. */
const WORD = 8;

/** Words per read(2): 32 MiB of address space with pages of 4 KiB. */
const MOST_WORDS = 8192;

/**
 * The kernel takes the lock that mmap, munmap and brk need for 2 MiB of addresses at a time (PAGEMAP_WALK_SIZE), about
 * 20 µs. But it takes it again at once, and whoever waits for it gets it only every 4 ms: measured on 4 GiB, a busy
 * process lost 99.7 % of its mmap throughput and waited 5 to 16 ms for one call, however small the reads. After a rest,
 * however short, whoever waits is served: with 0.1 ms after each 0.25 ms it kept a quarter, and one call waited 1 to 3
 * ms.
 */
const WORK_MS = 0.25;
const REST_MS = 0.1;

const NO_WORDS = new Uint32Array(0);

/** What nobody ever wakes. */
let sleeper: Int32Array | undefined;

/** What holds a process: where its files are. */
type Holder = Pick<ProcessHandle, 'pid' | 'root' | 'path'>;

/**
 * /proc/PID/pagemap, open. It shows one program image: after exec, and after the end, reads give nothing, without an
 * error.
 */
export class PageMap {
  readonly #fd: number;
  readonly #handle: Holder;
  readonly #pageSize: number;
  /** As long as was needed so far: a small process has few pages, and clearing 64 KiB takes 10 µs. */
  #words = NO_WORDS;
  #worked = 0;

  /**
   * @param folder '' or `task/TID/`
   * @throws Trouble `gone` or `denied`
   */
  constructor(handle: Holder, pageSize: number, folder = '') {
    this.#handle = handle;
    this.#pageSize = pageSize;
    try {
      this.#fd = openProc(handle.path(`${folder}pagemap`), `${handle.root}/${handle.pid}/${folder}pagemap`);
    } catch (error) {
      throw pageMapTrouble(handle, error, handle.path(`${folder}pagemap`));
    }
  }

  /** How many pages one `read` gives at most. */
  readonly mostPages = MOST_WORDS;

  /**
   * Reads the words of the pages from an address on.
   *
   * @returns two numbers per page, valid until the next call; fewer pages than asked for, or none, above user space,
   * and after exec or the end of the process
   */
  read(start: number, pages: number): Uint32Array {
    const begin = performance.now();
    const words = Math.min(pages, MOST_WORDS);
    if (this.#words.length < words * 2) this.#words = new Uint32Array(Math.min(words * 4, MOST_WORDS * 2));
    const wanted = words * WORD;
    let got = 0;
    while (got < wanted) {
      const count = this.#readSome(got, wanted - got, (start / this.#pageSize) * WORD + got);
      if (count === 0) break;
      got += count;
    }
    this.#rest(performance.now() - begin);
    return this.#words.subarray(0, Math.floor(got / WORD) * 2);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #readSome(at: number, length: number, position: number): number {
    for (;;) {
      try {
        return readSync(this.#fd, this.#words, at, length, position);
      } catch (error) {
        if (errnoOf(error) === 'ESRCH') return 0;
        if (errnoOf(error) !== 'EINTR' && errnoOf(error) !== 'EAGAIN')
          throw processTrouble(this.#handle.pid, error, this.#handle.root);
      }
    }
  }

  /** Lets the process have its lock; we who read need none meanwhile. */
  #rest(worked: number): void {
    if (this.#handle.pid === process.pid) return;
    this.#worked += worked;
    if (this.#worked < WORK_MS) return;
    this.#worked = 0;
    Atomics.wait((sleeper ??= new Int32Array(new SharedArrayBuffer(4))), 0, 0, REST_MS);
  }
}

/**
 * The state of the page at one address: bits of PAGE (model/pages/pages.ts).
 *
 * @returns undefined if the kernel has no word for it: above user space, or the process is gone
 * @throws Trouble `gone` or `denied`
 */
export function pageStateAt(handle: ProcessHandle, address: number, pageSize: number): number | undefined {
  const map = new PageMap(handle, pageSize);
  try {
    return firstPageState(map.read(Math.floor(address / pageSize) * pageSize, 1));
  } finally {
    map.close();
  }
}

/** maps of another's process may be read with CAP_SYS_PTRACE alone; pagemap has mode 0400. */
function pageMapTrouble(handle: Holder, error: unknown, path: string): Trouble {
  const trouble = processTrouble(handle.pid, error, handle.root);
  const what = `Cannot read the page map of process ${handle.pid}.`;
  if (trouble.kind === 'denied') {
    const next =
      'Run memmap as the user of that process or with sudo, or give it CAP_SYS_PTRACE and ' +
      'CAP_DAC_READ_SEARCH: only its owner may open /proc/PID/pagemap.';
    const notOurs = notOwner(path);
    const why = notOurs === undefined ? trouble.why : `permission denied (${errnoOf(error)}): ${notOurs}.`;
    return new Trouble({kind: 'denied', what, why, next});
  }
  // Through the directory of a process that is gone, or has no memory, the answer is ESRCH.
  if (errnoOf(error) !== 'ENOENT') return trouble;
  return new Trouble({
    kind: 'input',
    what,
    why: 'this kernel has no /proc/PID/pagemap: it was built without CONFIG_PROC_PAGE_MONITOR.',
    next: 'See resident memory of whole regions: memmap show',
  });
}

/**
 * Bytes of a page on this machine: AT_PAGESZ of our own auxiliary vector, getauxval(3). One kernel has one page size,
 * and it isn't in maps: it is 16 or 64 KiB on some arm64 and ppc64 machines.
 */
export function pageSizeHere(root = '/proc'): number {
  // Hidden, or a directory that only looks like /proc: then the usual size.
  const auxv = readIfThere(`${root}/self/auxv`);
  return (auxv && parseAuxv(auxv).pageSize) ?? USUAL_PAGE;
}
