import test from 'ava';
import {diff} from '../../src/diff/diff.ts';
import type {Region} from '../../src/model/region.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {tryEach} from './table.ts';
import {listing, PAGE, shortForm} from './tools.ts';

// Where memory came or went.
tryEach({
  'The first brk makes a heap': {
    before: ['10-14 r-xp /bin/x'],
    after: ['10-14 r-xp /bin/x', '20-41 rw-p [heap]'],
    changes: ['new 20-41 [0,1] +33'],
    says: ['[heap] is new: 132 KiB, rw-p (brk, or mapped in its place).'],
  },
  'brk upwards grows the heap': {
    before: ['20-41 rw-p [heap]'],
    after: ['20-62 rw-p [heap]'],
    changes: ['grown 41-62 [1,1] +33'],
    says: ['[heap] grew upwards by 132 KiB (brk, or mapped right above it).'],
  },
  'brk downwards shrinks it': {
    before: ['20-62 rw-p [heap]'],
    after: ['20-41 rw-p [heap]'],
    changes: ['shrunk 41-62 [1,1] -33'],
    says: ['[heap] lost 132 KiB at its end (brk, munmap or mremap).'],
  },
  'brk to where it began takes it away': {
    before: ['20-41 rw-p [heap]'],
    after: [],
    changes: ['gone 20-41 [1,0] -33'],
    says: ['[heap] is gone: 132 KiB, rw-p (brk, munmap or mremap).'],
  },
  'A mapping is new': {
    before: [],
    after: ['30-34 r--s /var/db@8'],
    changes: ['new 30-34 [0,1] +4'],
    says: ['/var/db is new: 16 KiB, r--s.'],
  },
  'An unmapped file is gone': {
    before: ['30-34 r--s /var/db@8'],
    after: [],
    changes: ['gone 30-34 [1,0] -4'],
    says: ['/var/db is gone: 16 KiB, r--s.'],
  },
  'A second anonymous mmap merges below the first one, which grows downwards': {
    before: ['30-34 rw-p'],
    after: ['2c-34 rw-p'],
    changes: ['grown 2c-30 [1,1] +4'],
    says: ['anonymous memory grew downwards by 16 KiB.'],
  },
  'The stack grows downwards': {
    before: ['70-91 rw-p [stack]'],
    after: ['60-91 rw-p [stack]'],
    changes: ['grown 60-70 [1,1] +16'],
    says: ['[stack] grew downwards by 64 KiB.'],
  },
  'mmap between two regions fills the hole': {
    before: ['10-14 rw-p', '18-1c rw-p'],
    after: ['10-1c rw-p'],
    changes: ['grown 14-18 [2,1] +4'],
    says: ['anonymous memory grew by 16 KiB: a hole in it was filled.'],
  },
  'munmap in the middle punches a hole': {
    before: ['10-1c rw-p'],
    after: ['10-14 rw-p', '18-1c rw-p'],
    changes: ['shrunk 14-18 [1,2] -4'],
    says: ['anonymous memory lost 16 KiB in its middle, which left a hole.'],
  },
  'Two holes are two changes': {
    before: ['10-1c rw-p'],
    after: ['10-12 rw-p', '14-16 rw-p', '18-1c rw-p'],
    changes: ['shrunk 12-14 [1,2] -2', 'shrunk 16-18 [1,2] -2'],
  },
  'munmap takes a start': {
    before: ['10-1c r--p /f@4'],
    after: ['14-1c r--p /f@8'],
    changes: ['shrunk 10-14 [1,1] -4'],
    says: ['/f lost 16 KiB at its start.'],
  },
  'munmap takes an end': {
    before: ['10-1c r--p /f@4'],
    after: ['10-18 r--p /f@4'],
    changes: ['shrunk 18-1c [1,1] -4'],
    says: ['/f lost 16 KiB at its end.'],
  },
  'munmap over three regions takes the middle one whole and parts of the others': {
    before: ['10-14 r--p /a', '14-18 rw-p', '18-1c r--p /b'],
    after: ['10-12 r--p /a', '1a-1c r--p /b@2'],
    changes: ['shrunk 12-14 [1,1] -2', 'gone 14-18 [1,0] -4', 'shrunk 18-1a [1,1] -2'],
  },
});

test('The same listing twice has no changes', (t) => {
  const lines = ['10-14 r-xp /bin/x | rss=4', '20-24 rw-p [heap] | rss=8', '24-28 rw-p | rss=8'];
  const {changes, unchanged, delta} = diff(listing(...lines), listing(...lines));
  t.deepEqual([changes, unchanged, delta], [[], 3, {regions: 0, size: 0, rss: 0}]);
});

test('An address space appears whole, and disappears whole', (t) => {
  const lines = ['10-14 r-xp /bin/x', '20-24 rw-p [heap]'];
  t.deepEqual(diff(listing(), listing(...lines)).changes.map(shortForm), ['new 10-14 [0,1] +4', 'new 20-24 [0,1] +4']);
  t.deepEqual(diff(listing(...lines), listing()).changes.map(shortForm), [
    'gone 10-14 [1,0] -4',
    'gone 20-24 [1,0] -4',
  ]);
});

test('A region at the top of the address space is compared exactly', (t) => {
  const vsyscall = 'ffffffffff600-ffffffffff601 --xp [vsyscall]';
  t.is(diff(listing(vsyscall), listing(vsyscall)).unchanged, 1);
  t.deepEqual(diff(listing(vsyscall), listing()).changes.map(shortForm), ['gone ffffffffff600-ffffffffff601 [1,0] -1']);
});

const snapshot = (regions: Region[]) => new Snapshot({source: {from: 'capture', format: 'maps'}, regions});

test('A region may fall into more pieces than a call has arguments', (t) => {
  const count = 130_000;
  const [region] = listing('10-11 rw-p').regions;
  const whole = snapshot([{...region!, end: region!.start + (2 * count - 1) * PAGE}]);
  const pieces = Array.from({length: count}, (_, index) => ({
    ...region!,
    start: region!.start + 2 * index * PAGE,
    end: region!.start + (2 * index + 1) * PAGE,
  }));
  for (const match of ['address', 'layout'] as const) {
    const {changes, delta} = diff(whole, snapshot(pieces), {match});
    if (match === 'address') {
      t.is(changes.length, count - 1);
      t.true(changes.every(({kind, delta}) => kind === 'shrunk' && delta.size === -PAGE));
    } else {
      t.is(changes.length, 1, 'of two runs, which piece is which is not known');
      t.like(changes[0], {kind: 'shrunk', delta: {size: (1 - count) * PAGE}});
      t.is(changes[0]!.pieces?.after.length, count);
    }
    t.deepEqual(delta, {regions: count - 1, size: (1 - count) * PAGE});
  }
});
