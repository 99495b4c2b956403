import type {Row} from './table.ts';
import {line, region} from './tools.ts';

const one = '00400000-00401000 rw-p 00000000 00:00 0 \n';
const program = region('00400000-00401000', 'r-xp', {
  offset: 0x2200,
  dev: 'fc:00',
  inode: '7',
  name: '/bin/x',
  kind: 'text',
});
const first = region('00400000-00401000', 'rw-p');
const last = region('00800000-00801000', 'rw-p');
const between = (...lines: string[]): string =>
  `${one}${lines.map((text) => `${text}\n`).join('')}00800000-00801000 rw-p 00000000 00:00 0 \n`;
const numbers = (count: number): number[] => Array.from({length: count}, (_, index) => index + 2);

const missing = [
  '00400000',
  '00400000-0040b000',
  '00400000-0040b000 00000000 fd:01 795 /bin/y',
  '00400000-0040b000 r-xp fd:01 795 /bin/y',
  '00400000-0040b000 r-xp 00000000 795 /bin/y',
  '00400000-0040b000 r-xp 00000000 fd:01 /bin/y',
  '-0040b000 r-xp 00000000 fd:01 795 /bin/y',
  '00400000- r-xp 00000000 fd:01 795 /bin/y',
  '00400000 r-xp 00000000 fd:01 795 /bin/y',
  '00400000-0040b000 r-xp 00000000 fd: 795 /bin/y',
  '00400000-0040b000 r-xp 00000000 :01 795 /bin/y',
];
const strange = [
  '0040y000-0040b000 r-xp 00000000 fd:01 795 /bin/y',
  '00400000-0040z000 r-xp 00000000 fd:01 795 /bin/y',
  '00400000-0040b000 inpu 00000000 fd:01 795 /bin/y',
  '00400000-0040b000 r-xp 0000w000 fd:01 795 /bin/y',
  '00400000-0040b000 r-xp 00000000 ma:ps 795 /bin/y',
  '00400000-0040b000 r-xp 00000000 fd:01 parse! /bin/y',
];

const longName = `/${'long'.repeat(19_000)}`.slice(0, 75_397 - 74);
/** E1 to E20, without E18: what is around the fields. */
export const FRAMING: readonly Row[] = [
  {id: 'E1', title: 'anonymous memory has no name, and its line ends with a blank', input: one, regions: [first]},
  {
    id: 'E2',
    title: 'a capture may have lost the blank at the end of a line',
    input: one.replace(' \n', '\n'),
    regions: [first],
    live: 'refused',
  },
  {
    id: 'E3',
    title: 'one blank before the name is enough',
    input: '00400000-00401000 r-xp 00002200 fc:00 7 /bin/x\n',
    regions: [program],
  },
  {id: 'E4', title: 'no text at all is a process without regions', input: '', regions: []},
  {
    id: 'E5',
    title: 'a last line without its newline is read, and the user is told',
    regions: [program],
    input: line('00400000-00401000 r-xp 00002200 fc:00 7', '/bin/x').slice(0, -1),
    note: /no newline: its name may be cut/,
    live: {regions: [program], incomplete: true},
  },
  {
    id: 'E6',
    title: 'carriage returns that a capture got at every line are taken off',
    regions: [first, last],
    input: between().replaceAll('\n', '\r\n'),
    live: {
      regions: [
        {...first, name: '\r'},
        {...last, name: '\r'},
      ],
    },
  },
  {
    id: 'E6',
    title: 'so are carriage returns after each newline',
    regions: [first, last],
    input: between().replaceAll('\n', '\n\r'),
    live: 'never',
  },
  {
    id: 'E6',
    title: 'so they are if the last newline has none',
    regions: [first, last],
    input: between().replaceAll('\n', '\n\r').slice(0, -1),
    live: 'never',
  },
  {
    id: 'E7',
    title: 'a blank line does not end a listing',
    input: between(''),
    regions: [first, last],
    live: {regions: [first, last], rejected: [2]},
  },
  {
    id: 'E8',
    title: 'a byte order mark, an indent, 0x and the prefix of a log do not hide a region',
    live: 'refused',
    input: [
      '\xef\xbb\xbf00400000-00401000 rw-p 00000000 00:00 0',
      ' \t00402000-00403000 rw-p 00000000 00:00 0',
      '0x404000-0x405000 rw-p 0x0 00:00 0',
      'I0102 03:04:05.6 789 some.cc:10] 00406000-00407000 rw-p 00000000 00:00 0',
      '> 00408000-00409000 rw-p 00000000 00:00 0',
    ].join('\n'),
    regions: ['400000-401000', '402000-403000', '404000-405000', '406000-407000', '408000-409000'].map((range) =>
      region(range, 'rw-p'),
    ),
  },
  {
    id: 'E9',
    title: 'digits in capitals are digits',
    input: '0ABCD000-0ABCE000 r--p 0000F000 FD:0A 12 /x\n',
    live: 'refused',
    regions: [region('0abcd000-0abce000', 'r--p', {offset: 0xf000, dev: 'fd:0a', inode: '12', name: '/x'})],
  },
  {
    id: 'E10',
    title: 'addresses need not be padded',
    input: '400000-407000 r--p 00000000 00:00 797 /x\n',
    live: 'refused',
    regions: [region('400000-407000', 'r--p', {inode: '797', name: '/x'})],
  },
  {
    id: 'E11',
    title: 'addresses may be padded to 16 digits',
    live: 'refused',
    regions: [first],
    input: '0000000000400000-0000000000401000 rw-p 00000000 00:00 0\n',
  },
  {
    id: 'E12',
    title: 'an address of more than 64 bits is refused, not wrapped',
    regions: [first, last],
    rejected: [2, 3],
    input: between(
      '10000000000400000-10000000000401000 rw-p 00000000 00:00 0 ',
      '00500000-10000000000401000 rw-p 00000000 00:00 0 ',
    ),
  },
  {
    id: 'E13',
    title: 'a line that lacks a field is reported, and reading continues',
    input: between(...missing),
    regions: [first, last],
    rejected: numbers(missing.length),
  },
  {
    id: 'E14',
    title: 'a line with a field that is not one is reported',
    input: between(...strange),
    regions: [first, last],
    rejected: numbers(strange.length),
  },
  {
    id: 'E15',
    title: 'start and end are joined by a dash and nothing else',
    regions: [first, last],
    rejected: [2],
    input: between('00500000+00501000 r--p 00000000 00:00 0 '),
  },
  {
    id: 'E16',
    title: 'a text that ends within an inode is marked as cut',
    regions: [first, region('00800000-00801000', 'r--p', {dev: '08:01', inode: '144'})],
    input: `${one}00800000-00801000 r--p 00000000 08:01 144`,
    incomplete: true,
    live: {regions: [first], rejected: [2], incomplete: true},
  },
  {
    id: 'E16',
    title: 'a text that ends within a bracketed name is marked as cut',
    incomplete: true,
    input: line('00800000-00801000 rw-p 00000000 00:00 0', '[stack]').slice(0, -3),
    regions: [region('00800000-00801000', 'rw-p', {name: '[stac'})],
  },
  {
    id: 'E17',
    title: 'a line of 75,397 bytes is read whole',
    input: line('7f0000000000-7f0000001000 r--p 00000000 08:01 9', longName),
    regions: [region('7f0000000000-7f0000001000', 'r--p', {dev: '08:01', inode: '9', name: longName})],
  },
  {
    id: 'E19',
    title: 'a NUL byte is kept like any other',
    input: line('00800000-00801000 r--p 00000000 08:01 9', '/f/a\0b'),
    regions: [region('00800000-00801000', 'r--p', {dev: '08:01', inode: '9', name: '/f/a\0b'})],
  },
  {
    id: 'E20',
    title: 'of two captures of one process in one file only the first is used',
    input: between() + between(),
    regions: [first, last],
    rejected: [3],
    live: 'never',
  },
  {
    id: 'E20',
    title: 'of captures of two processes in one file only the first is used',
    rejected: [3],
    live: 'never',
    input: `${one}${line('7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0', '[stack]')}${line('00200000-00300000 r-xp 00000000 08:01 9', '/bin/y')}${one}`,
    regions: [first, region('7ffd00000000-7ffd00021000', 'rw-p', {name: '[stack]'})],
  },
];
