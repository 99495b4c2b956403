import fc from 'fast-check';
import {bytesOf, region, type Expected} from './tools.ts';

/**
 * Random listings, and their text as the kernel prints it. Written from proc_pid_maps(5) and fs/proc/task_mmu.c, not
 * from the reader: numbers go through BigInt, so that no double of the reader's making is trusted.
 */

const PAGE = 4096n;
const LAST_PAGE = 2n ** 52n - 1n;

/** A name's bytes: anything that a file name can hold, and what readers like to stumble over. */
const nameByte = fc.oneof(
  fc.constantFrom(...bytesOf('  \t\r\v\f\x1b\\012[]()#\x85\xc2\xe2\x80\xa8/')),
  fc.integer({min: 1, max: 255}).filter((byte) => byte !== 0x0a),
);
const pathBytes = fc.array(nameByte, {maxLength: 40}).map((bytes) => Buffer.from([0x2f, ...bytes]));
const someName = fc.oneof(
  fc
    .constantFrom('', '[heap]', '[stack]', '[vdso]', '[anon:a  b]', '/lib/x.so', '/memfd: (deleted)', '/f/x (deleted)')
    .map(bytesOf),
  pathBytes,
);

export interface Printed {
  /** The line without its newline. */
  readonly header: Buffer;
  readonly expected: Expected;
}

const letters = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean());
const details = fc.record({
  letters,
  offset: fc.oneof(fc.constant(0n), fc.bigInt({min: 0n, max: LAST_PAGE})),
  major: fc.integer({min: 0, max: 0xfff}),
  minor: fc.integer({min: 0, max: 0xfffff}),
  inode: fc.oneof(fc.constant(0n), fc.bigInt({min: 0n, max: 2n ** 64n - 1n})),
  name: someName,
});
type Details = typeof details extends fc.Arbitrary<infer T> ? T : never;

/** Regions in ascending order, most of them touching the one before, somewhere below 2^64. */
export const listing: fc.Arbitrary<Printed[]> = fc
  .record({
    bounds: fc.uniqueArray(fc.oneof(fc.bigInt({min: 0n, max: LAST_PAGE}), fc.bigInt({min: 0x400n, max: 0x500n})), {
      minLength: 2,
      maxLength: 24,
    }),
    holes: fc.array(fc.boolean(), {minLength: 24, maxLength: 24}),
    details: fc.array(details, {minLength: 24, maxLength: 24}),
  })
  .map(({bounds, holes, details}) => {
    const pages = [...bounds].sort((a, b) => (a < b ? -1 : 1));
    return pages
      .slice(1)
      .flatMap((end, index) => (holes[index] && index > 0 ? [] : [printed(pages[index]!, end, details[index]!)]));
  });

const pad = (value: bigint | number, width: number): string => value.toString(16).padStart(width, '0');

function printed(first: bigint, end: bigint, {letters, offset, major, minor, inode, name}: Details): Printed {
  const perms = ['r', 'w', 'x'].map((letter, bit) => (letters[bit] ? letter : '-')).join('') + (letters[3] ? 's' : 'p');
  const range = `${pad(first * PAGE, 8)}-${pad(end * PAGE, 8)}`;
  const dev = `${pad(major, 2)}:${pad(minor, 2)}`;
  // seq_pad(): a blank always, and blanks up to column 73 if something follows.
  const head = `${range} ${perms} ${pad(offset * PAGE, 8)} ${dev} ${inode} `;
  const header = Buffer.concat([bytesOf(name.length > 0 ? head.padEnd(73) : head), name]);
  const text = new TextDecoder('utf-8', {ignoreBOM: true}).decode(name);
  const isUtf8 = Buffer.from(text, 'utf8').equals(name);
  const expected = region('0-0', perms, {
    start: Number(first * PAGE),
    end: Number(end * PAGE),
    offset: Number(offset * PAGE),
    dev,
    inode: String(inode),
    name: text,
    nameBase64: isUtf8 ? undefined : name.toString('base64'),
  });
  return {header, expected};
}

/** A region's smaps record: counters in KiB by the kernel's key, words, flags. */
export interface Record {
  readonly counters: ReadonlyArray<readonly [key: string, kib: number]>;
  readonly eligible: boolean;
  readonly flags: readonly string[] | undefined;
}

const KEYS = ['Size', 'Pss', 'Pss_Dirty', 'Private_Dirty', 'SwapPss', 'KSM', 'New_Key'];

export const record: fc.Arbitrary<Record> = fc.record({
  counters: fc
    .tuple(fc.shuffledSubarray(KEYS), fc.array(fc.integer({min: 0, max: 2 ** 40}), {minLength: 8, maxLength: 8}))
    .map(([keys, values]) =>
      [...keys.slice(0, 2), 'Rss', ...keys.slice(2)].map((key, index) => [key, values[index]!] as const),
    ),
  eligible: fc.boolean(),
  flags: fc.option(fc.array(fc.constantFrom('rd', 'wr', 'ex', 'mr', '??', 'gu', 'zz')), {nil: undefined}),
});

export const recordText = ({counters, eligible, flags}: Record): string =>
  counters.map(([key, value]) => `${`${key}:`.padEnd(16)}${String(value).padStart(8)} kB\n`).join('') +
  `THPeligible:    ${String(Number(eligible)).padStart(8)}\n` +
  (flags ? `VmFlags: ${flags.map((flag) => `${flag} `).join('')}\n` : '');

export const listingText = (lines: readonly Printed[], records?: readonly Record[]): Buffer =>
  Buffer.concat(
    lines.flatMap(({header}, index) => [header, bytesOf(`\n${records ? recordText(records[index]!) : ''}`)]),
  );
