import {closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {folder} from '../../helpers/listings.ts';

/** One region of a false process: where it begins, and the words of its pages, as pagemap has them. */
export interface FalseRegion {
  readonly start: number;
  readonly words: readonly bigint[];
  readonly name?: string;
}

export const PID = 4242;
const PAGE_SIZE = 4096;

/**
 * A folder in the form of /proc with one process, whose page map says what no kernel here would: swapped pages, soft-dirty
 * marks. The page map is a sparse file, its words where the kernel would have them.
 *
 * @param cutAfter the page map ends behind so many words of the last region
 */
export function falseRoot(t: ExecutionContext, regions: readonly FalseRegion[], cutAfter = Infinity): string {
  const root = folder(t);
  const place = `${root}/${PID}`;
  mkdirSync(place);
  mkdirSync(`${root}/self`);
  writeFileSync(`${place}/stat`, readFileSync('test/fixtures/proc/sleep-stat.txt'));
  const size = regions.reduce((pages, {words}) => pages + words.length, 0) * (PAGE_SIZE / 1024);
  const status = readFileSync('test/fixtures/proc/sleep-status.txt', 'latin1');
  const own = status.replace(/^(Tgid|Pid):.*$/gm, `$1:\t${PID}`).replace(/^VmSize:.*$/m, `VmSize:\t${size} kB`);
  writeFileSync(`${place}/status`, own);
  const maps = regions.map(mapsLine);
  writeFileSync(`${place}/maps`, maps.join(''));
  writeFileSync(`${place}/smaps`, maps.map((line, index) => line + counters(regions[index]!)).join(''));
  writeFileSync(`${place}/clear_refs`, '');
  const fd = openSync(`${place}/pagemap`, 'w');
  for (const {start, words} of regions) {
    const isLast = start === regions.at(-1)!.start;
    const bytes = Buffer.from(new BigUint64Array(words.slice(0, isLast ? cutAfter : undefined)).buffer);
    if (bytes.length > 0) writeSync(fd, bytes, 0, bytes.length, (start / PAGE_SIZE) * 8);
    else ftruncateSync(fd, (start / PAGE_SIZE) * 8);
  }
  closeSync(fd);
  return root;
}

const mapsLine = ({start, words, name = ''}: FalseRegion): string => {
  const range = `${start.toString(16)}-${(start + words.length * PAGE_SIZE).toString(16)}`;
  return `${`${range} rw-p 00000000 00:00 0`.padEnd(72)} ${name}\n`;
};

const counters = ({words}: FalseRegion): string => {
  const present = words.filter((word) => word >> 63n).length;
  return `Size: ${words.length * 4} kB\nRss: ${present * 4} kB\nVmFlags: rd wr mr mw me ac \n`;
};
