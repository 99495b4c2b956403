import {exactHex} from '../../model/region.ts';
import {readerOf, type ListingReader} from './rows.ts';

/**
 * radare2's `dm`: a range, whose memory it is (`usr` or `sys`), its size, `s` or `u`, three permissions, the
 * file, its name (the same again), and a flag after a semicolon. A `*` in place of the second dash marks where the
 * program is.
 *
 *     0x0000000000401000 - 0x0000000000402000 * usr     4K s r-x /srv/app /srv/app ; map.srv_app.r_x
 */
export const readRadare: ListingReader = readerOf({
  format: 'radare2 dm',
  lacks: 'resident memory, offsets, devices, inodes and whether memory is shared',
  isRow: /^\s*0x[0-9a-f]{1,16} [-*] 0x[0-9a-f]{1,16} [-*] (?:usr|sys)\s+[\d.]+[KMGT]?\s+[a-z?] [r-][w-][x-]/,
  framing: /^\s*(?:\[0x[0-9a-f]+\]>|# )/,
  row(line) {
    const [, startText, endText, perms, rest] = ROW.exec(line.trim()) as unknown as string[];
    const [start, end] = [startText, endText].map((text) => exactHex(text!));
    if (start === undefined || end === undefined) return 'an address that is not whole pages';
    if (end <= start) return 'the region ends before it starts';
    return {start, end, perms: `${perms}-`, name: nameOf(rest!.trim())};
  },
});

const ROW = /^0x(\w+) [-*] 0x(\w+) [-*] \w+\s+\S+\s+\S ([r-][w-][x-])[sp-]?(.*)$/s;

/** `unk3` is the third region without a name. */
function nameOf(text: string): string {
  const flag = text.lastIndexOf(' ; ');
  const names = flag < 0 ? text : text.slice(0, flag).trimEnd();
  const half = (names.length - 1) / 2;
  const isTwice = names[half] === ' ' && names.slice(0, half) === names.slice(half + 1);
  const name = isTwice ? names.slice(0, half) : names;
  return /^(?:unk\d+|\?)$/.test(name) ? '' : name;
}
