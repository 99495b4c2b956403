import {exactHex} from '../../model/region.ts';
import {readerOf, type ListingReader} from './rows.ts';

/**
 * The memory map of a sanitizer's report: AddressSanitizer, ThreadSanitizer, LeakSanitizer and the others
 * (compiler-rt/lib/sanitizer_common, MemoryMappingLayout::DumpListOfModules and DumpProcessMap): a tab, the range, a
 * tab and the name. It says no permissions.
 *
 *     ==4242==Process memory map follows:
 *     	0x000000400000-0x000000401000	/srv/app
 */
export const readSanitizer: ListingReader = readerOf({
  format: 'sanitizer process map',
  lacks: 'resident memory, permissions, offsets, devices and inodes',
  isRow: /^\s*0x[0-9a-f]{1,16}-0x[0-9a-f]{1,16}(?:[\t ]|$)/,
  heading: /^\s*==\d+==\s?Process memory map follows:/,
  framing: /^\s*==\d+==\s?End of process memory map/,
  isPart: true,
  pid: /^\s*==([1-9]\d{0,6})==/,
  row(line) {
    const [, startText, endText, name] = /^0x(\w+)-0x(\w+)(.*)$/s.exec(line.trim()) as unknown as string[];
    const [start, end] = [startText, endText].map((text) => exactHex(text!));
    if (start === undefined || end === undefined) return 'an address that is not whole pages';
    if (end <= start) return 'the region ends before it starts';
    return {start, end, name: name!.trim()};
  },
});
