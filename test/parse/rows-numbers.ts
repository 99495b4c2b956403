import type {Row} from './table.ts';
import {counters, kib, line, region} from './tools.ts';

const file = (range: string, perms: string, offset: string, dev: string, inode: string): string =>
  line(`${range} ${perms} ${offset} ${dev} ${inode}`, '/f');

const at = (offset: number, dev: string, inode: string, range = '7f0000000000-7f0000001000'): Row['regions'][number] =>
  region(range, 'r--p', {offset, dev, inode, name: '/f'});

const here = '7f0000000000-7f0000001000';

const ALL_PERMS = ['r', '-'].flatMap((r) =>
  ['w', '-'].flatMap((w) => ['x', '-'].flatMap((x) => ['p', 's'].map((shared) => r + w + x + shared))),
);
const page = (index: number): string =>
  `${(0x400000 + index * 8192).toString(16)}-${(0x401000 + index * 8192).toString(16)}`;

/** E60 to E73, E100 and E101: addresses, sizes, devices, inodes, permissions, and lines at odds with each other. */
export const NUMBERS: readonly Row[] = [
  {
    id: 'E60',
    title: 'the page at the top of the address space is exactly there',
    input: line('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0', '[vsyscall]'),
    regions: [region('ffffffffff600000-ffffffffff601000', '--xp', {name: '[vsyscall]', kind: 'vsyscall'})],
  },
  {
    id: 'E61',
    title: 'addresses of five-level page tables are exact',
    input:
      'ff7f1234567000-ff7f1234568000 rw-p 00000000 00:00 0 \n100fffffffff000-1010000000000000 rw-p 00000000 00:00 0 \n',
    regions: [region('ff7f1234567000-ff7f1234568000', 'rw-p'), region('100fffffffff000-1010000000000000', 'rw-p')],
  },
  {
    id: 'E61',
    title: 'so they are if padded to 16 digits',
    live: 'refused',
    input: '00ff7f1234567000-00ff7f1234568000 rw-p 00000000 00:00 0 \n',
    regions: [region('ff7f1234567000-ff7f1234568000', 'rw-p')],
  },
  {
    id: 'E62',
    title: 'an offset may have 64 bits',
    regions: [at(0xffffff0000, '08:01', '9'), at(0xfffffffffffff000, '08:01', '9', '7f0000002000-7f0000003000')],
    input:
      file(here, 'r--p', 'ffffff0000', '08:01', '9') +
      file('7f0000002000-7f0000003000', 'r--p', 'fffffffffffff000', '08:01', '9'),
  },
  {
    id: 'E63',
    title: 'an offset need not be whole pages',
    input: file(here, 'r--p', '00000090', '08:01', '9'),
    regions: [at(0x90, '08:01', '9')],
  },
  {
    id: 'E64',
    title: 'a region need not be whole pages',
    input: file('7f438050-7f438060', 'r--p', '00000000', '08:01', '9'),
    regions: [at(0, '08:01', '9', '7f438050-7f438060')],
  },
  ...['103:00', '07:12c', '00:21a', '3f:fffff'].map((dev) => ({
    id: 'E65',
    title: `the device ${dev} is read whole`,
    input: file(here, 'r--p', '00000000', dev, '9'),
    regions: [at(0, dev, '9')],
  })),
  ...['9223372036857013538', '18446744073709551615'].map((inode) => ({
    id: 'E66',
    title: `the inode ${inode} is not rounded`,
    input: file(here, 'r--p', '00000000', '00:2a', inode),
    regions: [at(0, '00:2a', inode)],
  })),
  {
    id: 'E67',
    title: 'a region of no bytes is left out, and the user is told',
    note: /1 region.* of no bytes/,
    input: `${line('bffff000-bffff000 rw-p 00000000 00:00 0', '[stack]')}c0000000-c0001000 rw-p 00000000 00:00 0 \n`,
    regions: [region('c0000000-c0001000', 'rw-p')],
  },
  {
    id: 'E68',
    title: 'a region that ends before it starts is reported',
    rejected: [2],
    regions: [region('00400000-00401000', 'rw-p')],
    input: '00400000-00401000 rw-p 00000000 00:00 0 \n00900000-00800000 rw-p 00000000 00:00 0 \n',
  },
  {
    id: 'E69',
    title: 'every combination of permissions is possible',
    input: ALL_PERMS.map(
      (perms, index) => `${page(index).replace(/(\w+)-(\w+)/, '00$1-00$2')} ${perms} 00000000 00:00 0 \n`,
    ).join(''),
    regions: ALL_PERMS.map((perms, index) => region(page(index), perms)),
  },
  {
    id: 'E70',
    title: 'a capital S means shared',
    live: 'refused',
    regions: [region('00400000-00401000', '---s'), region('00402000-00403000', 'rwxs')],
    input: '00400000-00401000 ---S 00000000 00:00 0 \n00402000-00403000 rwxS 00000000 00:00 0 \n',
  },
  {
    id: 'E71',
    title: 'whether memory is shared may be unknown',
    input: '00400000-00401000 r-x- 00000000 00:00 0 \n',
    live: 'refused',
    regions: [region('00400000-00401000', 'r-x-')],
  },
  {
    id: 'E72',
    title: 'the lines of an Android tombstone are reported, not misread',
    rejected: [2],
    regions: [region('00400000-00401000', 'rw-p')],
    input:
      "00400000-00401000 rw-p 00000000 00:00 0 \n    0000007f'8c000000-0000007f'8c0fffff rw-         0    100000  " +
      '/lib/x.so (BuildId: 0a) (load bias 0x1000)\n',
  },
  {
    id: 'E73',
    title: 'the 64 GiB of a device are its size, and none of it is resident',
    format: 'smaps',
    input:
      line('7e0000000000-7e1000000000 rw-s 00000000 00:06 500', '/dev/gpu0') +
      counters('Size 67108864', 'Rss 0', 'Pss 0', 'VmFlags rd wr sh mr mw me ms pf io de dd '),
    regions: [
      region('7e0000000000-7e1000000000', 'rw-s', {
        dev: '00:06',
        inode: '500',
        name: '/dev/gpu0',
        usage: {size: 2 ** 36, rss: 0, pss: 0},
        kind: 'device',
        flags: ['rd', 'wr', 'sh', 'mr', 'mw', 'me', 'ms', 'pf', 'io', 'de', 'dd'],
      }),
    ],
  },
  {
    id: 'E100',
    title: 'of two lines that overlap the later one is used',
    torn: true,
    note: /later/,
    input: [
      '7f000005e000-7f000005f000',
      '7f000005f000-7f0000060000',
      '7f000005f000-7f0000062000',
      '7f0000062000-7f0000063000',
    ]
      .map((range, index) => `${range} ${index % 2 ? 'rw-p' : 'r--p'} 00000000 00:00 0 \n`)
      .join(''),
    regions: [
      region('7f000005e000-7f000005f000', 'r--p'),
      region('7f000005f000-7f0000062000', 'r--p'),
      region('7f0000062000-7f0000063000', 'rw-p'),
    ],
  },
  {
    id: 'E100',
    title: 'what an earlier line has beyond a later one stays, and its counters go',
    torn: true,
    format: 'smaps',
    input:
      line('7f0000000000-7f0000004000 r--p 00001000 08:01 9', '/f') +
      counters('Size 16', 'Rss 16') +
      line('7f0000002000-7f0000006000 rw-p 00003000 08:01 9', '/f') +
      counters('Size 16', 'Rss 8'),
    regions: [
      region('7f0000000000-7f0000002000', 'r--p', {offset: 0x1000, dev: '08:01', inode: '9', name: '/f'}),
      region('7f0000002000-7f0000006000', 'rw-p', {
        offset: 0x3000,
        dev: '08:01',
        inode: '9',
        name: '/f',
        usage: kib({size: 16, rss: 8}),
      }),
    ],
  },
  {
    id: 'E101',
    title: 'lines that the kernel printed twice at the end count once',
    torn: true,
    input: `${line('7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0', '[stack]')}${line('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0', '[vsyscall]').repeat(2)}`,
    regions: [
      region('7ffd00000000-7ffd00021000', 'rw-p', {name: '[stack]'}),
      region('ffffffffff600000-ffffffffff601000', '--xp', {name: '[vsyscall]'}),
    ],
  },
  {
    id: 'E101',
    title: 'so do several such lines',
    torn: true,
    input:
      '00400000-00401000 rw-p 00000000 00:00 0 ' +
      `\n${`${line('7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0', '[stack]')}${line('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0', '[vsyscall]')}`.repeat(2)}`,
    regions: [
      region('00400000-00401000', 'rw-p'),
      region('7ffd00000000-7ffd00021000', 'rw-p', {name: '[stack]'}),
      region('ffffffffff600000-ffffffffff601000', '--xp', {name: '[vsyscall]'}),
    ],
  },
];
