import test from 'ava';
import fc from 'fast-check';
import type {Region} from '../../../src/model/region.ts';
import {ListingReader, parseListing} from '../../../src/parse/reader.ts';

/** What follows the addresses in maps, and what a record of smaps has below it. */
const heads = fc.constantFrom(
  'rw-p 00000000 00:00 0 ',
  'r--p 00000000 00:00 0 ',
  'r-xp 00001000 103:02 77   /lib/libc.so',
);
const counters = fc.constantFrom(
  [],
  ['Rss:                   4 kB', 'Pss:                   4 kB', 'THPeligible:           1', 'VmFlags: rd mr mw me '],
  ['Rss:                   4 kB', 'Pss:                   4 kB', 'THPeligible:           0', 'VmFlags: rd mr mw me '],
  ['Rss:                   8 kB', 'Pss:                   4 kB', 'VmFlags: rd wr mr mw me '],
  [
    'Rss:                   8 kB',
    'Pss:                   4 kB',
    'VmFlags: rd wr mr mw me ',
    'Locked:                4 kB',
  ],
);
/** Pages up from the end of the region before; pages of the region; what else is on the way. */
const steps = fc.array(
  fc.record({
    gap: fc.constantFrom(0, 0, 0, 1, 16, 4096, 2 ** 24),
    size: fc.constantFrom(1, 8, 8, 8, 15, 16, 4096),
    head: heads,
    counters,
    noise: fc.constantFrom('', '', '', '', '', 'abcdef is no address', 'deadbeefdead-deadbeefdeae rw-p'),
  }),
  {maxLength: 40},
);

interface Expected {
  readonly place: readonly [start: number, end: number];
  readonly head: string;
  readonly says: readonly string[];
}

test('what repeats earlier lines is read as if it were alone', (t) => {
  fc.assert(
    fc.property(
      steps,
      fc.constantFrom(0x400000, 0x7f00_0000_0000, 0x7fff_fff0_0000, 0xffff_ff00_0000),
      fc.boolean(),
      fc.boolean(),
      fc.integer({min: 1, max: 5000}),
      (all, base, isSmaps, isNoisy, part) => {
        const lines: string[] = [];
        const expected: Expected[] = [];
        const rejected: number[] = [];
        let at: number = base;
        for (const {gap, size, head, counters: below, noise} of all) {
          const start = at + gap * 4096;
          const end = start + size * 4096;
          at = end;
          const says = isSmaps ? below : [];
          lines.push(`${hex(start)}-${hex(end)} ${head}`, ...says);
          expected.push({place: [start, end], head, says});
          if (isNoisy && noise !== '') rejected.push(lines.push(noise));
        }
        const text = lines.map((line) => `${line}\n`);
        const listing = parseListing(Buffer.from(text.join('')), 'proc');
        t.deepEqual(
          listing.rejected.map(({line}) => line),
          rejected.slice(0, listing.rejected.length),
        );
        t.deepEqual(listing.regions.map(told), expected.map(wanted));
        t.is(listing.isPlain, lines.length === expected.length);
        const reader = new ListingReader('proc');
        for (const some of parts(text, part)) reader.read(Buffer.from(some), 2 * text.join('').length);
        t.deepEqual(reader.finish(false, 'now').regions, listing.regions);
      },
    ),
    {numRuns: 2000},
  );
});

const hex = (address: number): string => address.toString(16).padStart(8, '0');

/** Whole lines, in parts of some bytes at least. */
function parts(lines: readonly string[], least: number): string[] {
  const all = [''];
  for (const line of lines) {
    if (all.at(-1)!.length >= least) all.push('');
    all.push(all.pop()! + line);
  }
  return all;
}

/** What a region says, in the words of its lines. */
function told({start, end, perms, offset, dev, inode, name, usage, flags, attributes}: Region): object {
  const {rss, pss, locked} = usage ?? {};
  return {
    place: [start, end],
    head: [perms, offset, dev, inode, name],
    says: {rss, pss, locked, flags, thp: attributes?.['thpEligible']},
  };
}

function wanted({place, head, says}: Expected): object {
  const [perms, offset, dev, inode, name = ''] = head.split(/ +/);
  const bytes = (key: string): number | undefined => {
    const line = says.find((each) => each.startsWith(`${key}:`));
    return line === undefined ? undefined : Number(/\d+/.exec(line)![0]) * 1024;
  };
  const flags = says.find((line) => line.startsWith('VmFlags'));
  const thp = says.find((line) => line.startsWith('THP'));
  return {
    place,
    head: [perms, Number.parseInt(offset!, 16), dev, inode, name],
    says: {
      rss: bytes('Rss'),
      pss: bytes('Pss'),
      locked: bytes('Locked'),
      flags: flags?.split(' ').slice(1, -1),
      thp: thp?.at(-1),
    },
  };
}
