import {exactHex} from '../../model/region.ts';
import {readerOf, type ListingReader} from './rows.ts';

/**
 * lldb's `memory region --all` (source/Commands/CommandObjectMemory.cpp): a half-open range, three permissions, the
 * name, and a section of it.
 *
 *     [0x0000000000400000-0x0000000000401000) r-x /srv/app PT_LOAD[0]
 *
 * It prints the holes between regions in the same form, without access and without a name.
 */
export const readLldb: ListingReader = readerOf({
  format: 'lldb memory region',
  lacks: 'resident memory, offsets, devices, inodes and whether memory is shared',
  isRow: /^\s*\[0x[0-9a-f]{1,16}-0x[0-9a-f]{1,16}\) [r-][w-][x-]/,
  heading: /^\s*\(lldb\)\s+me\w*\s+r\w*\s+(?:--all|-a)\b/,
  framing: /^\s*(?:\(lldb\)|Modified memory |Dirty pages|memory tagging:|shadow stack:|protection key:)/i,
  notes: ['lldb prints holes as it prints memory without access and without a name: lines of that form were left out.'],
  row(line) {
    const [, startText, endText, perms, rest] = ROW.exec(line.trim()) as unknown as string[];
    const [start, end] = [startText, endText].map((text) => exactHex(text!));
    if (start === undefined || end === undefined) return 'an address that is not whole pages';
    if (end <= start) return 'the region ends before it starts';
    if (perms === '---' && rest === '') return true;
    return {start, end, perms: `${perms}-`, name: rest!.replace(SECTION, '').trim()};
  },
});

const ROW = /^\[0x(\w+)-0x(\w+)\) ([r-][w-][x-])(.*)$/s;

/** The section of the file that the region belongs to, after the name. */
const SECTION = / (?:PT_\w+\[\d+\]|\.[\w.]+)$/;
