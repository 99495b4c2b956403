import {readdirSync, statSync} from 'node:fs';
import type {Region} from '../../model/region.ts';
import {parseListing} from '../../parse/reader.ts';
import {readIfThere} from '../open.ts';
import {PageMap} from '../pages/pagemap.ts';
import {fileOf, FilePages, wordsOf} from './file-pages.ts';

/** Processes that are asked at most, and ms for all of them: each takes 1 to 3. */
const MOST_PROCESSES = 24;
const MOST_MS = 60;

/**
 * How often other processes map the pages of some files, as far as we may ask them: those that run memmap's own program
 * first, since they share the most with it.
 *
 * @param besides PIDs that are not asked: memmap, and the process that is looked at
 * @param pageSize bytes
 */
export function pagesOfOthers(
  root: string,
  besides: ReadonlySet<number>,
  files: ReadonlySet<string>,
  pageSize: number,
): FilePages {
  const found = new FilePages(pageSize);
  const until = performance.now() + MOST_MS;
  const program = inodeOf(`${root}/self/exe`);
  const pids = readdirSync(root).map(Number);
  const asked = pids
    .filter((pid) => pid > 0 && !besides.has(pid))
    .map((pid) => ({pid, program: inodeOf(`${root}/${pid}/exe`)}))
    .filter((each) => each.program !== undefined)
    .sort((a, b) => Number(b.program === program) - Number(a.program === program));
  for (const {pid} of asked.slice(0, MOST_PROCESSES)) {
    if (performance.now() > until) break;
    addPages(found, root, pid, files, pageSize);
  }
  return found;
}

/** undefined where it may not be asked, or has ended. */
function inodeOf(path: string): string | undefined {
  try {
    const {dev, ino} = statSync(path, {bigint: true});
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}

function addPages(found: FilePages, root: string, pid: number, files: ReadonlySet<string>, pageSize: number): void {
  try {
    const regions = parseListing(readIfThere(`${root}/${pid}/maps`) ?? new Uint8Array(), 'proc', 'later').regions;
    const concerned = regions.filter((region) => isOf(region, files));
    if (concerned.length === 0) return;
    const map = new PageMap({root, pid, path: (file) => `${root}/${pid}/${file}`}, pageSize);
    try {
      for (const region of concerned) found.add(region, wordsOf(map, region, pageSize));
    } finally {
      map.close();
    }
  } catch {
    // It ended, or its page map is not ours to read: what it maps stays unknown.
  }
}

function isOf(region: Region, files: ReadonlySet<string>): boolean {
  const file = fileOf(region);
  return file !== undefined && files.has(file);
}
