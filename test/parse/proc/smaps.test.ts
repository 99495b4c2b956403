import test from 'ava';
import fc from 'fast-check';
import {parseListing} from '../../../src/parse/reader.ts';
import {parse} from '../../../src/parse/parse.ts';
import {bytesOf, counters, kib, line} from '../tools.ts';

const header = '00400000-00401000 rw-p 00000000 00:00 0 \n';

/** The keys of Linux 6.18, in its order, and what memmap calls them. */
const KEYS = {
  Size: 'size',
  KernelPageSize: 'kernelPageSize',
  MMUPageSize: 'mmuPageSize',
  Rss: 'rss',
  Pss: 'pss',
  Pss_Dirty: 'pssDirty',
  Shared_Clean: 'sharedClean',
  Shared_Dirty: 'sharedDirty',
  Private_Clean: 'privateClean',
  Private_Dirty: 'privateDirty',
  Referenced: 'referenced',
  Anonymous: 'anonymous',
  KSM: 'ksm',
  LazyFree: 'lazyFree',
  AnonHugePages: 'anonHugePages',
  ShmemPmdMapped: 'shmemPmdMapped',
  FilePmdMapped: 'filePmdMapped',
  Shared_Hugetlb: 'sharedHugetlb',
  Private_Hugetlb: 'privateHugetlb',
  Swap: 'swap',
  SwapPss: 'swapPss',
  Locked: 'locked',
  Pss_Anon: 'pssAnon',
  Pss_File: 'pssFile',
  Pss_Shmem: 'pssShmem',
  Nonlinear: 'nonlinear',
};

const keys = Object.keys(KEYS) as Array<keyof typeof KEYS>;

test('every counter of the kernel has its name in camelCase, and its bytes', (t) => {
  const text = header + counters(...keys.map((key, index) => `${key} ${index + 1}`));
  t.deepEqual(parse(text).regions[0]?.usage, kib(Object.fromEntries(keys.map((key, index) => [KEYS[key], index + 1]))));
});

test('the order of the counters makes no difference, also if it changes from record to record', (t) => {
  const order = fc.shuffledSubarray(
    keys.filter((key) => key !== 'Rss'),
    {minLength: 0},
  );
  fc.assert(
    fc.property(fc.array(order, {minLength: 1, maxLength: 8}), (records) => {
      const text = records.map(
        (subset, index) =>
          `${(0x400000 + index * 4096).toString(16).padStart(8, '0')}-${(0x401000 + index * 4096).toString(16).padStart(8, '0')} ` +
          'rw-p 00000000 00:00 0 \n' +
          counters('Rss 1', ...subset.map((key) => `${key} ${keys.indexOf(key)}`)),
      );
      const {regions, rejected} = parseListing(bytesOf(text.join('')), 'proc');
      t.is(rejected.length, 0);
      t.deepEqual(
        regions.map(({usage}) => usage),
        records.map((subset) =>
          kib({rss: 1, ...Object.fromEntries(subset.map((key) => [KEYS[key], keys.indexOf(key)]))}),
        ),
      );
    }),
  );
});

test('a counter that is not in the record is absent, not zero', (t) => {
  const usage = parse(`${header}${counters('Size 4', 'Rss 0')}`).regions[0]?.usage;
  t.deepEqual(Object.keys(usage ?? {}), ['size', 'rss']);
});

test('a counter that fell below zero in the kernel does not become a wrong number', (t) => {
  const {regions, rejected} = parse(`${header}${counters('Size 4', 'Rss 4')}Swap:  18446744073709551612 kB\n`);
  t.deepEqual(regions[0]?.usage, kib({size: 4, rss: 4}));
  t.deepEqual(regions[0]?.attributes, {swap: '18446744073709551612 kB'});
  t.is(rejected.length, 0);
});

test('the records of gVisor, whose page size comes late and which has fewer counters, are read', (t) => {
  const rest = [
    'Rss 8',
    'Pss 8',
    'Shared_Clean 0',
    'Shared_Dirty 0',
    'Private_Clean 0',
    'Private_Dirty 8',
    'Referenced 8',
    'Anonymous 8',
    'AnonHugePages 0',
    'Shared_Hugetlb 0',
    'Private_Hugetlb 0',
    'Swap 0',
    'SwapPss 0',
    'KernelPageSize 4',
    'MMUPageSize 4',
    'Locked 0',
  ];
  const {regions, rejected} = parseListing(
    bytesOf(`00400000-00402000 rw-p 00000000 00:00 0 \n${counters('Size 8', ...rest)}VmFlags: rd wr mr mw me ?? ac \n`),
    'proc',
  );
  t.is(rejected.length, 0);
  t.is(regions[0]?.usage?.['kernelPageSize'], 4096);
  t.is(regions[0]?.usage?.['privateDirty'], 8192);
  t.deepEqual(regions[0]?.flags, ['rd', 'wr', 'mr', 'mw', 'me', '??', 'ac']);
});

test("Android's names are kept beside the counters, in UTF-8 too", (t) => {
  const {regions, rejected} = parse(
    bytesOf(`${header}Name:           [anon:\xc3\xa0]\xc3\xa0\n${counters('Size 4', 'Rss 4')}`),
  );
  t.deepEqual(regions[0]?.attributes, {name: '[anon:à]à'});
  t.deepEqual([regions[0]?.name, regions[0]?.usage, rejected.length], ['', kib({size: 4, rss: 4}), 0]);
});

const record = (head: string): string =>
  head + counters('Size 4', 'Rss 4', 'Swap 0', 'THPeligible            0', 'VmFlags rd wr ');

test('a smaps that is cut anywhere but between two records is never taken for a whole one', (t) => {
  const records = [
    record(header),
    record(line('00402000-00403000 r--p 00000000 08:01 99', '/bin/x')),
    record('00404000-00405000 rw-p 00000000 00:00 0 \n'),
  ];
  const bytes = bytesOf(records.join(''));
  const ends = new Set(records.map((_, index) => records.slice(0, index + 1).join('').length));
  for (let length = records[0]!.length + 1; length < bytes.length; length++) {
    const snapshot = parse(bytes.subarray(0, length));
    const isInFlags = /VmFlags:[a-z ]*$/.test(bytes.toString('latin1', 0, length));
    if (!isInFlags) t.is(snapshot.isWhole, ends.has(length), `cut after ${length} bytes`);
    t.false(!ends.has(length) && parseListing(bytes.subarray(0, length), 'proc').cutShort === undefined);
  }
});

test('an indented smaps is read as one', (t) => {
  const text = `${header}${counters('Size 4', 'Rss 4', 'VmFlags rd wr ')}`;
  const indented = text.replace(/^/gm, '    ').trimEnd();
  t.deepEqual(parse(indented).regions, parse(text).regions);
  t.deepEqual(parse(text.replace(/^(?=.)/gm, '\t')).regions, parse(text).regions);
});

test('a smaps with carriage returns at every line is read as one', (t) => {
  const text = `${header}${counters('Size 4', 'Rss 4', 'VmFlags rd wr ')}`;
  for (const ends of ['\r\n', '\n\r']) {
    const snapshot = parse(text.replaceAll('\n', ends));
    t.deepEqual([snapshot.regions, snapshot.rejected], [parse(text).regions, []]);
  }
});

test('counters called like what every object has are reported, not mixed up', (t) => {
  const text = `${header}${counters('Size 4', 'Rss 4')}Constructor:  4 kB\nTo_String: 8 kB\nHas_Own_Property: x\n`;
  const {regions, rejected} = parse(text);
  t.deepEqual(regions[0]?.usage, kib({size: 4, rss: 4}));
  t.deepEqual(
    rejected.map((entry) => entry.line),
    [4, 5, 6],
  );
});

test('a line in the kernel’s columns says the same as one that is written in another way', (t) => {
  const value = fc.oneof(
    fc.integer({min: 0, max: 99_999_999}).map(String),
    fc.string({unit: fc.constantFrom(' ', '0', '9', 'x', '-'), maxLength: 8}),
  );
  const record = fc.tuple(
    fc.constantFrom('Rss', 'Pss', 'Private_Hugetlb'),
    value,
    fc.constantFrom(' kB', ' KB', '  B'),
  );
  fc.assert(
    fc.property(fc.array(record, {maxLength: 6}), (lines) => {
      const usual = (key: string, text: string, unit = ' kB'): string =>
        `${`${key}:`.padEnd(16)}${text.padStart(8)}${unit}`;
      const first = ['Size', ...lines.map(([key]) => key)].map((key) => usual(key, '1'));
      const second = [usual('Size', '4'), ...lines.map((each) => usual(...each))];
      // A blank at its end makes a line one column longer than the kernel's.
      const read = (end: string) =>
        parseListing(
          bytesOf(
            [header, ...[...new Set(first)].map((each) => `${each}\n`), header.replaceAll('0040', '0050')].join('') +
              second.map((each) => `${each}${end}\n`).join(''),
          ),
          'proc',
        );
      const [inColumns, longer] = [read(''), read(' ')];
      t.deepEqual(inColumns.regions, longer.regions);
      t.deepEqual(
        inColumns.rejected.map(({line, why}) => [line, why]),
        longer.rejected.map(({line, why}) => [line, why]),
      );
    }),
    {numRuns: 2000},
  );
});
