import type {Change, Range} from '../../src/model/change.ts';
import {address, rangeText, sizeOf, type Region} from '../../src/model/region.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {parse} from '../../src/parse/parse.ts';

export const PAGE = 4096;

/**
 * A listing in a short form, for tables: pages in hex instead of addresses, the file's page after an @, its inode after a #
 * (by default each name has its own), smaps counters in KiB after a bar.
 *
 *     10-14 r-xp /lib/x@2 #7 | rss=8 anonymous=4
 */
const NOTE = /^(\w+)-(\w+) (\S{4})(?: ([^|@#]*?))?(?:@(\w+))?(?: #(\d+))?(?: \| (.*))?$/;

/** The snapshot that a listing in the short form describes. It goes through `parse`, as users' listings do. */
export const listing = (...lines: readonly string[]): Snapshot => parse(lines.map(expand).join(''));

function expand(line: string): string {
  const match = NOTE.exec(line);
  if (!match) throw new Error(`not in the short form: ${line}`);
  const [, start, end, perms, name = '', page = '0', number, counters = ''] = match;
  const isFile = /^[^[]/.test(name);
  const inode = number ?? (isFile ? inodeOf(name) : '0');
  const place = `${addressOf(start!)}-${addressOf(end!)} ${perms} ${addressOf(page)}`;
  const head = `${place} ${isFile ? 'fd:00' : '00:00'} ${inode} ${name}`;
  const usage = counters.split(' ').filter(Boolean).map(counterLine);
  return [head, ...usage, ''].join('\n');
}

const addressOf = (page: string): string => address(Number.parseInt(page, 16) * PAGE);

/** A file keeps its inode when it is deleted. */
const inodeOf = (name: string): string =>
  String(Buffer.from(name.replace(' (deleted)', '')).reduce((sum, byte) => (sum * 7 + byte) % 100_003, 0));

/** `privateDirty=4` → `Private_Dirty:  4 kB` */
function counterLine(counter: string): string {
  const [key = '', value] = counter.split('=');
  const words = key.replaceAll(/[A-Z]/g, '_$&').replace(/^./, (letter) => letter.toUpperCase());
  return `${words}:${String(value).padStart(16)} kB`;
}

/** A change in the short form: `grown 14-16 [1,1] +2`, `moved 30-34 from 10-14 [1,1] 0`. Sizes are pages. */
export function shortForm({kind, range, from, before, after, delta}: Change): string {
  const where = from ? `${pages(range)} from ${pages(from)}` : pages(range);
  const size = delta.size / PAGE;
  return `${kind} ${where} [${before.length},${after.length}] ${size > 0 ? '+' : ''}${size}`;
}

const pages = ({start, end}: Range): string => `${(start / PAGE).toString(16)}-${(end / PAGE).toString(16)}`;

/** One line of /proc/PID/maps, and its counters if it has some. */
export function lineOf(region: Region): string {
  const {perms, offset, dev, inode, name, usage} = region;
  const line = `${rangeText(region)} ${perms} ${address(offset!)} ${dev} ${inode} ${name}`;
  return usage ? `${line} ${JSON.stringify(usage)}` : line;
}

export const sumOf = (numbers: Iterable<number>): number => [...numbers].reduce((sum, number) => sum + number, 0);

export const pagesOf = (range: Range): number[] =>
  Array.from({length: sizeOf(range) / PAGE}, (_, index) => range.start + index * PAGE);
