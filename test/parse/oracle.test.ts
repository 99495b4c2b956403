import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {parseBytes as oldParse} from '../old/parse/parse.ts';
import {parseListing as oldListing} from '../old/parse/listing.ts';
import {parseListing} from '../../src/parse/listing.ts';
import {parse} from '../../src/parse/parse.ts';
import {listing, listingText, record, recordText} from './laws.ts';

/** The reader and the classifiers that made an object for each region. */
const oldJSON = (bytes: Uint8Array): string => JSON.stringify(oldParse(bytes).snapshot);
const newJSON = (bytes: Uint8Array): string => JSON.stringify(parse(bytes));

const attempt = (read: () => string): string => {
  try {
    return read();
  } catch (error) {
    const {message, why} = error as Error & {why?: string};
    return `${message} ${why}`;
  }
};

function same(t: ExecutionContext, bytes: Uint8Array): void {
  t.is(
    attempt(() => newJSON(bytes)),
    attempt(() => oldJSON(bytes)),
  );
  const [a, b] = [parseListing(bytes, 'proc'), oldListing(bytes, 'proc')];
  t.deepEqual(JSON.stringify(a.regions), JSON.stringify(b.regions));
  t.deepEqual([a.format, a.torn, a.rejected, a.cutShort, a.empty], [b.format, b.torn, b.rejected, b.cutShort, b.empty]);
}

const damage = fc.record({at: fc.nat(), does: fc.constantFrom('byte', 'cut', 'repeat', 'none'), byte: fc.nat(255)});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Buffer, {at, does, byte}: Damage): Buffer {
  if (bytes.length === 0 || does === 'none') return bytes;
  const place = at % bytes.length;
  if (does === 'cut') return bytes.subarray(0, place);
  if (does === 'repeat') return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place / 2)]);
  const copy = Buffer.from(bytes);
  copy[place] = byte;
  return copy;
}

test('maps: what the old reader said', (t) => {
  fc.assert(
    fc.property(listing, damage, (lines, what) => same(t, damaged(listingText(lines), what))),
    {numRuns: 3000},
  );
});

const KEYS = ['Size', 'KernelPageSize', 'Rss', 'Pss', 'Private_Dirty', 'Anonymous', 'Swap', 'Locked', 'New_Key'];
const values = fc.array(
  fc.oneof(fc.integer({min: 0, max: 99}), fc.constant(0), fc.integer({min: 0, max: 2 ** 40}), fc.constant(99_999_999)),
  {minLength: KEYS.length, maxLength: KEYS.length},
);
const usual = fc.record({
  values,
  eligible: fc.boolean(),
  flags: fc.option(fc.subarray(['rd', 'wr', 'ex', 'mr', 'nr', 'dc', 'ac', 'gd', 'ht', 'wf', 'sd']), {nil: undefined}),
});

test('smaps: what the old reader said, to the byte', (t) => {
  fc.assert(
    fc.property(listing, fc.array(usual, {minLength: 24, maxLength: 24}), damage, (lines, records, what) => {
      const kernel = records.map(({values: list, eligible, flags}) => ({
        counters: KEYS.map((key, index) => [key, list[index]!] as const),
        eligible,
        flags,
      }));
      same(t, damaged(listingText(lines, kernel), what));
    }),
    {numRuns: 3000},
  );
});

test('smaps with other lines in each record: what the old reader said', (t) => {
  fc.assert(
    fc.property(listing, fc.array(record, {minLength: 24, maxLength: 24}), (lines, records) => {
      const bytes = listingText(lines, records);
      t.deepEqual(JSON.parse(newJSON(bytes)), JSON.parse(oldJSON(bytes)));
      t.true(recordText(records[0]!).length > 0);
    }),
    {numRuns: 1000},
  );
});

const NAMES = `
[heap]|[stack]|[vdso]|[anon:x]|[anon:Go: heap]|[anon:thread stack guard]
/usr/bin/node|/usr/lib/chromium|/usr/lib/libjvm.so|/usr/lib/libc.so.6|/x/classes.jsa
/tmp/a (deleted)|/SYSV00000001 (deleted)|/memfd:m (deleted)|/dev/dri/card0|anon_inode:[x]
/usr/lib/libjemalloc.so.2|/dev/zero (deleted)|/dev/shm/x|/anon_hugepage (deleted)|||||`
  .trim()
  .split(/[\n|]/);

const draft = fc.record({
  gap: fc.constantFrom(0, 0, 0, 1, 2, 512, 16_384),
  pages: fc.constantFrom(1, 2, 3, 4, 33, 64, 256, 252, 2048, 16_384 - 33, 16_384, 262_144),
  perms: fc.constantFrom('rw-p', 'rw-p', '---p', '---p', 'r--p', 'r-xp', 'rwxp', 'rw-s', 'r--s'),
  name: fc.constantFrom(...NAMES),
  offset: fc.integer({min: 0, max: 8}),
  rss: fc.nat(3),
  flags: fc.subarray(['rd', 'mr', 'nr', 'dc', 'ac', 'gd', 'ht', 'wf', 'io', 'pf', 'ss', 'gu']),
});
const bases = fc.constantFrom(0x400000, 0x687400000, 0xc000000000, 0x37b000000000, 0x7f0000000000);

test('kinds, labels and reasons: what the old classifiers said', (t) => {
  fc.assert(
    fc.property(
      bases,
      fc.array(draft, {maxLength: 40}),
      fc.boolean(),
      fc.boolean(),
      (base, drafts, isSmaps, isExec) => {
        let at = base;
        const text = drafts.map(({gap, pages, perms: asked, name, offset, rss, flags}) => {
          const start = at + gap * 4096;
          at = start + pages * 4096;
          const perms = isExec && asked.startsWith('r') ? `${asked.slice(0, 2)}x${asked[3]}` : asked;
          const isFile = /^[^[]/.test(name);
          const backing = isFile ? `${(offset * 4096).toString(16).padStart(8, '0')} fd:00 7` : '00000000 00:00 0';
          const head = `${[start, at].map((end) => end.toString(16).padStart(8, '0')).join('-')} ${perms} ${backing} `;
          const counters = `Rss:                ${rss * 4} kB\nSwap:               0 kB\nVmFlags: ${flags.join(' ')} \n`;
          return `${name === '' ? head : head.padEnd(73) + name}\n${isSmaps ? counters : ''}`;
        });
        same(t, Buffer.from(text.join('')));
      },
    ),
    {numRuns: 3000},
  );
});
