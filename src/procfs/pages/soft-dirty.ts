import {closeSync, constants, openSync, writeSync} from 'node:fs';
import {isExecutable, isPrivate, isReadable, isWritable, type Region} from '../../model/region.ts';
import {Trouble} from '../../model/trouble.ts';
import {parseListing} from '../../parse/reader.ts';
import {predictStall} from '../sampling/budget.ts';
import {ProcessHandle} from '../handle.ts';
import {PageMap, pageSizeHere} from './pagemap.ts';
import {readProc} from '../open.ts';
import {processTrouble} from '../trouble.ts';
import {walkPages} from './pages.ts';

/**
 * Soft-dirty marks: Documentation/admin-guide/mm/soft-dirty.rst. Writing 4 to /proc/PID/clear_refs clears the mark of
 * all pages and makes them read-only for the processor; the next write to each faults, and sets the mark again. Without
 * CONFIG_MEM_SOFT_DIRTY the write succeeds too, and does nothing: so whether the kernel has it is tried out, on our own
 * memory.
 */
const CLEAR_SOFT_DIRTY = '4';

/** What the trial needs of a process: our own, or another one in tests. */
export interface Trial {
  /** Clears the marks of all pages. */
  clear(): void;
  /** Writes to `pages` pages that were written to before. */
  touch(): void;
  readonly pages: number;
  /** How many pages are marked. */
  marked(): number;
}

/**
 * Does the kernel mark pages as they are written? Clears, writes, and looks whether just the written pages became
 * marked.
 */
export function marksWrites(trial: Trial): boolean {
  trial.clear();
  const before = trial.marked();
  trial.touch();
  return trial.marked() - before >= trial.pages * 0.9;
}

const TRIAL_BYTES = 4 * 1024 * 1024;

/** The trial on memmap's own process. */
export class OwnTrial implements Trial {
  readonly pages: number;
  readonly #pageSize: number;
  readonly #root: string;
  readonly #memory: Buffer = Buffer.alloc(TRIAL_BYTES, 1);

  constructor(root = '/proc') {
    this.#root = root;
    this.#pageSize = pageSizeHere(root);
    this.pages = TRIAL_BYTES / this.#pageSize;
  }

  clear(): void {
    writeClear(`${this.#root}/self/clear_refs`);
  }

  touch(): void {
    for (let at = 0; at < TRIAL_BYTES; at += this.#pageSize) this.#memory[at]!++;
  }

  marked(): number {
    const {regions} = parseListing(readProc(`${this.#root}/self/maps`), 'proc');
    const writable = regions.filter(isOwnData);
    const handle = new ProcessHandle(process.pid, this.#root);
    const map = new PageMap(handle, this.#pageSize);
    try {
      const choices = writable.map((region) => ({region, start: region.start, end: region.end}));
      const walk = walkPages(map, choices, this.#pageSize);
      return walk.regions.reduce((sum, {totals}) => sum + totals.softDirty, 0);
    } finally {
      map.close();
      handle.close();
    }
  }
}

/** @throws Trouble `usage` where the kernel doesn't mark writes */
export function requireSoftDirty(trial: Trial): void {
  if (isTried(trial)) return;
  throw new Trouble({
    kind: 'usage',
    what: 'Cannot tell which pages are written.',
    why:
      'this kernel has no soft-dirty marks (CONFIG_MEM_SOFT_DIRTY is off): memmap cleared those of its ' +
      'own pages, wrote to them, and saw none appear.',
    next: 'See where resident memory and private dirty change: memmap watch PID',
  });
}

function isTried(trial: Trial): boolean {
  try {
    return marksWrites(trial);
  } catch {
    return false; // Without clear_refs there are no marks either.
  }
}

/**
 * Clears the marks of all pages of a process. That holds up its mmap, munmap, brk and page faults while the kernel
 * walks all its resident pages, and makes its next write to each page a fault.
 *
 * @param maxStall ms
 * @throws Trouble `usage` if it would hold it up for longer than that; `gone`, `denied`
 */
export function clearSoftDirty(handle: ProcessHandle, maxStall: number): void {
  const stall = predictStall(Number(handle.status()['vmRss'] ?? 0), 0);
  if (stall > maxStall) {
    throw new Trouble({
      kind: 'usage',
      what: `Clearing the soft-dirty marks would hold up process ${handle.pid} for about ${Math.round(stall)} ms.`,
      why: `${maxStall} ms are allowed (--max-stall).`,
      next: `Allow it: --max-stall ${Math.ceil(stall)}ms`,
    });
  }
  try {
    writeClear(handle.path('clear_refs'));
  } catch (error) {
    throw processTrouble(handle.pid, error, handle.root);
  }
}

/** `rw-p` without a file: variables and the heap, where what we write to lies. */
const isOwnData = (region: Region): boolean =>
  isReadable(region) &&
  isWritable(region) &&
  !isExecutable(region) &&
  isPrivate(region) &&
  (region.name === '' || region.name === '[heap]');

/** The file is for writing only: its owner can't open it to read. */
function writeClear(path: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    writeSync(fd, CLEAR_SOFT_DIRTY);
  } finally {
    closeSync(fd);
  }
}
