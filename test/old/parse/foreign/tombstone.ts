import {exactHex} from '../../model/region.ts';
import {readerOf, type ListingReader} from './rows.ts';

/**
 * The memory map of an Android tombstone (system/core/debuggerd/libdebuggerd, dump_all_maps()): an apostrophe in the
 * middle of 64-bit addresses, the last byte instead of the end, three permissions, then offset and size, and the name
 * with the build ID and the load bias. An arrow marks the region that the fault address is in.
 *
 *     memory map (6 entries):
 *         0000007f'8c000000-0000007f'8c03ffff rw-         0     40000  [anon:scudo:primary]
 */
export const readTombstone: ListingReader = readerOf({
  format: 'android tombstone',
  lacks: 'resident memory, devices, inodes and whether memory is shared',
  isRow:
    /^[\s>-]*[0-9a-f]{8}(?:'[0-9a-f]{8})?-[0-9a-f]{8}(?:'[0-9a-f]{8})? [r-][w-][x-] +[0-9a-f]{1,16} +[0-9a-f]{1,16}(?:\s|$)/,
  heading: /^\s*memory map\b.*:/i,
  framing: /^\s*--->Fault address falls at /,
  isPart: true,
  announces: /^\s*memory map \((\d{1,6}) entr/i,
  pid: /^\s*(?:Cmdline:.*|ABI:.*)?pid: ([1-9]\d{0,6}), tid: \d+/,
  row(line) {
    const [, startText, lastText, perms, offsetText, rest] = ROW.exec(line.trim()) as unknown as string[];
    const start = exactHex(startText!.replace("'", ''));
    const offset = exactHex(offsetText!);
    const end = exactHex(lastText!.replace("'", '').replace(/fff$/, '000'));
    if (start === undefined || end === undefined || offset === undefined || !lastText!.endsWith('fff'))
      return 'an address that is not whole pages';
    if (end < start) return 'the region ends before it starts';
    return {start, end: end + 4096, perms: `${perms}-`, offset, name: nameOf(rest!)};
  },
});

const ROW = /^[\s>-]*([0-9a-f']+)-([0-9a-f']+) ([r-][w-][x-]) +([0-9a-f]+) +[0-9a-f]+(.*)$/s;

/** Remarks after the name, in parentheses. */
const REMARK = / \((?:BuildId: [^()]*|load (?:bias|base) [^()]*)\)$/;

function nameOf(text: string): string {
  let name = text.trim();
  for (let remarks = 0; remarks < 3 && name.endsWith(')'); remarks++) name = name.replace(REMARK, '').trimEnd();
  return name;
}
