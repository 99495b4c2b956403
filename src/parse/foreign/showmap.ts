import {exactHex} from '../../model/region.ts';
import {readerOf, type ListingReader} from './rows.ts';

/**
 * Android's `showmap -a` (system/memory/libmeminfo/tools/showmap.cpp): start, end, then KiB in columns, with -v the
 * permissions, and the name. Without -a it adds up regions of one name, and says no addresses.
 */
export const readShowmap: ListingReader = readerOf({
  format: 'android showmap',
  lacks: 'offsets, devices and inodes',
  isRow: /^\s*[0-9a-f]{16} [0-9a-f]{16}(?: +\d{1,15}){7,20}(?:\s|$)/,
  heading: /^\s*start\s+end\s+(?:virtual|shared)\b/,
  framing: /^\s*(?:virtual\s|addr\s+addr\s|size\s+RSS\s|(?:-[- ]*)?$|start\s+end\s|(?:\d+ +)+TOTAL\s*$)/,
  row(line) {
    const [start, end] = line.trim().split(' ', 2).map(exactHex);
    const rest = line.trim().slice(34).trimStart();
    const numbers = /^(?:\d+ +){6,19}\d+/.exec(rest)![0];
    const [size, ...kib] = numbers.split(/ +/).map(Number);
    if (start === undefined || end === undefined) return 'an address that is not whole pages';
    if (end <= start || !kib.every((value) => Number.isSafeInteger(value * 1024))) return 'not a line of showmap';
    if ((end - start) / 1024 !== size) return 'its size is not that of the region';
    const [, perms, name] = /^([r-][w-][x-] )?(.*)$/s.exec(rest.slice(numbers.length).trim()) as unknown as string[];
    const usage = Object.fromEntries(
      COLUMNS.slice(0, kib.length).map((counter, index) => [counter, kib[index]! * 1024]),
    );
    return {start, end, perms: perms ? `${perms.trim()}-` : '????', name: name === '[anon]' ? '' : name!, usage};
  },
});

/** After the size, in each version; what follows them differs. */
const COLUMNS = ['rss', 'pss', 'sharedClean', 'sharedDirty', 'privateClean', 'privateDirty', 'swap', 'swapPss'];
