import type {Row} from './table.ts';
import {counters, kib, line, region, type Expected} from './tools.ts';

const range = '00400000-00401000';
const header = `${range} rw-p 00000000 00:00 0 \n`;
const record = (...lines: string[]): string => header + counters('Size 4', ...lines);

/** One region with these counters, in KiB beside its size. */
const has = (usage: Record<string, number>, rest: Partial<Expected> = {}): Expected =>
  region(range, 'rw-p', {usage: kib({size: 4, ...usage}), ...rest});

const smaps = (id: string, title: string, input: string, expected: Expected): Row => ({
  id,
  title,
  input,
  regions: [expected],
  format: 'smaps',
});

const rollup = (head: string): string =>
  line(`${head} ---p 00000000 00:00 0`, '[rollup]') +
  counters('Rss 12', 'Pss 7', 'Pss_Anon 3', 'Pss_File 4', 'Pss_Shmem 0');
const rolledUp = (head: string): Expected =>
  region(head, '---p', {name: '[rollup]', usage: kib({rss: 12, pss: 7, pssAnon: 3, pssFile: 4, pssShmem: 0})});

/** E74 to E90: the records of smaps and smaps_rollup. */
export const SMAPS: readonly Row[] = [
  smaps(
    'E74',
    'the flags are the codes after VmFlags',
    record('Rss 4', 'VmFlags rd ex '),
    has({rss: 4}, {flags: ['rd', 'ex']}),
  ),
  smaps('E75', 'there may be no flag', record('Rss 4', 'VmFlags '), has({rss: 4}, {flags: []})),
  smaps('E75', 'there may be no flag and no blank', `${record('Rss 4')}VmFlags:\n`, has({rss: 4}, {flags: []})),
  smaps(
    'E76',
    'flags that the kernel has no code for are kept',
    record('Rss 4', 'VmFlags ?? ?? '),
    has({rss: 4}, {flags: ['??', '??']}),
  ),
  smaps(
    'E77',
    'flags that memmap does not know are kept',
    record('Rss 4', 'VmFlags rd gu dp zz '),
    has({rss: 4}, {flags: ['rd', 'gu', 'dp', 'zz']}),
  ),
  smaps(
    'E78',
    'THPeligible is not an amount of memory',
    record('Rss 4', 'THPeligible            0'),
    has({rss: 4}, {attributes: {thpEligible: '0'}}),
  ),
  smaps(
    'E78',
    'THPeligible of older kernels is narrower',
    record('Rss 4', 'THPeligible    0'),
    has({rss: 4}, {attributes: {thpEligible: '0'}}),
  ),
  smaps(
    'E79',
    'ProtectionKey is not an amount of memory',
    record('Rss 4', 'ProtectionKey          0'),
    has({rss: 4}, {attributes: {protectionKey: '0'}}),
  ),
  smaps(
    'E80',
    "Android's Name is a text, and comes before the counters",
    `${header}Name:           [anon:x y]\n${counters('Size 4', 'Rss 4')}`,
    has({rss: 4}, {attributes: {name: '[anon:x y]'}}),
  ),
  smaps(
    'E81',
    'keys may come in any order, be missing, or be new',
    `${header}VmFlags: rd \n${counters('Swap 8', 'Foo_Bar 12', 'Rss 4', 'newKey 3', 'Size 4')}`,
    region(range, 'rw-p', {usage: kib({swap: 8, fooBar: 12, rss: 4, newKey: 3, size: 4}), flags: ['rd']}),
  ),
  {
    id: 'E82',
    title: 'a key that begins like a hex number is not a header, and a header in capitals is not a key',
    format: 'smaps',
    live: 'never',
    input:
      `${record('Rss 4', 'Anonymous 4')}ABCDE000-ABCDF000 rw-p 00000000 00:00 0 ` +
      `\n${counters('Size 4', 'Rss 0', 'Anonymous 0')}`,
    regions: [
      has({rss: 4, anonymous: 4}),
      region('abcde000-abcdf000', 'rw-p', {usage: kib({size: 4, rss: 0, anonymous: 0})}),
    ],
  },
  {
    id: 'E82',
    title: 'counters below a header that cannot be read are nobody else’s',
    format: 'smaps',
    rejected: [4, 5, 6],
    input:
      `${record('Rss 4')}7f00q000-7f00r000 rw-p 00000000 00:00 0 \n${counters('Size 8', 'Rss 8')}7f000000-7f001000 ` +
      `rw-p 00000000 00:00 0 \n${counters('Size 4', 'Rss 0')}`,
    regions: [has({rss: 4}), region('7f000000-7f001000', 'rw-p', {usage: kib({size: 4, rss: 0})})],
  },
  smaps(
    'E83',
    'huge pages are not counted as resident',
    line('7f0000000000-7f0000200000 rw-p 00000000 00:0f 5', '/anon_hugepage (deleted)') +
      counters(
        'Size 2048',
        'KernelPageSize 2048',
        'MMUPageSize 2048',
        'Rss 0',
        'Private_Hugetlb 2048',
        'VmFlags rd wr ht ',
      ),
    region('7f0000000000-7f0000200000', 'rw-p', {
      dev: '00:0f',
      inode: '5',
      name: '/anon_hugepage (deleted)',
      flags: ['rd', 'wr', 'ht'],
      usage: kib({size: 2048, kernelPageSize: 2048, mmuPageSize: 2048, rss: 0, privateHugetlb: 2048}),
    }),
  ),
  smaps(
    'E84',
    'pages that only read the zero page are not resident, and 0 is said',
    record('Rss 0', 'Pss 0'),
    has({rss: 0, pss: 0}),
  ),
  {
    id: 'E85',
    title: 'a record that is cut after three keys is kept and marked',
    format: 'smaps',
    incomplete: true,
    input:
      `${record('Rss 4', 'Pss 4', 'VmFlags rd ')}00402000-00403000 rw-p 00000000 00:00 0 ` +
      `\n${counters('Size 4', 'Rss 4', 'Pss 2')}`,
    regions: [
      has({rss: 4, pss: 4}, {flags: ['rd']}),
      region('00402000-00403000', 'rw-p', {usage: kib({size: 4, rss: 4, pss: 2})}),
    ],
  },
  {
    id: 'E85',
    title: 'so is one of a kernel without VmFlags',
    format: 'smaps',
    incomplete: true,
    input:
      `${record('Rss 4', 'Pss 4', 'Swap 0')}00402000-00403000 rw-p 00000000 00:00 0 ` +
      `\n${counters('Size 4', 'Rss 4', 'Pss 2')}`,
    regions: [
      has({rss: 4, pss: 4, swap: 0}),
      region('00402000-00403000', 'rw-p', {usage: kib({size: 4, rss: 4, pss: 2})}),
    ],
  },
  {
    id: 'E85',
    title: 'so is the only one, if it ends before Rss',
    format: 'smaps',
    incomplete: true,
    input: record('KernelPageSize 4', 'MMUPageSize 4'),
    regions: [has({kernelPageSize: 4, mmuPageSize: 4})],
  },
  {
    id: 'E86',
    title: 'a counter before any region is reported',
    format: 'smaps',
    rejected: [1],
    input: `${counters('Rss 4')}${record('Rss 4')}`,
    regions: [has({rss: 4})],
  },
  {
    id: 'E87',
    title: 'a record of no bytes is left out, and the user is told',
    note: /1 region.* of no bytes/,
    input: `0000-0000 rw-p 00000000 00:00 0    name\n${counters('Size 0', 'Rss 0')}`,
    regions: [],
    live: {regions: [], rejected: [1, 2, 3]},
  },
  {
    id: 'E88',
    title: 'the rollup of a process without memory is one',
    format: 'smaps_rollup',
    input: rollup('00000000-00000000'),
    regions: [rolledUp('0-0')],
  },
  {
    id: 'E89',
    title: 'a rollup may reach up to the last page',
    format: 'smaps_rollup',
    input: rollup('00400000-ffffffffff601000'),
    regions: [rolledUp('400000-ffffffffff601000')],
  },
  {
    id: 'E90',
    title: 'where records overlap the later one is used',
    format: 'smaps',
    torn: true,
    input:
      `7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n${counters('Size 4', 'Rss 4')}7f0000000000-7f0000003000 ` +
      `rw-p 00000000 00:00 0 \n${counters('Size 12', 'Rss 8')}`,
    regions: [region('7f0000000000-7f0000003000', 'rw-p', {usage: kib({size: 12, rss: 8})})],
  },
];
