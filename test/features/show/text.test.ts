import {readFileSync} from 'node:fs';
import test from 'ava';
import type {Region} from '../../../src/model/region.ts';
import {parse} from '../../../src/parse/parse.ts';
import {cells} from '../../../src/text/safe.ts';
import {Regions} from '../../../src/model/columns/regions.ts';
import {fittingColumns, renderRegions, type RegionsLook} from '../../../src/text/regions.ts';
import {renderShow} from '../../../src/features/show/show.ts';
import {setColorLevel} from '../../../src/text/theme.ts';
import {region, snapshotOf} from '../../model/regions.ts';

const python = parse(readFileSync('test/fixtures/smaps/python3.txt'));

for (const width of [40, 60, 80, 100, 132, 160]) {
  test(`no line is wider than a terminal of ${width} columns`, (t) => {
    for (const look of [{}, {summary: true, room: true}, {by: ['file' as const], room: true, all: true}]) {
      const lines = renderShow(python, {...look, width}).split('\n');
      t.deepEqual(
        lines.filter((line) => cells(line) > width),
        [],
      );
      t.true(lines.length > 20);
    }
  });
}

const linesOf = (list: readonly Region[], look?: RegionsLook): string[] =>
  [...renderRegions(Regions.of(list), look)].flatMap((block) => block.split('\n'));

test('the wider the terminal, the more columns; what is 0 throughout takes none', (t) => {
  const at = (width: number | undefined): string[] => fittingColumns(python.table, width);
  t.deepEqual(at(80), ['shortRange', 'size', 'perms', 'rss', 'kind', 'name']);
  t.deepEqual(at(200), ['shortRange', 'size', 'perms', 'rss', 'pss', 'privateDirty', 'kind', 'name']);
  t.true(at(undefined).includes('swap'), 'a script finds all columns');
  let before = 0;
  for (let width = 30; width < 200; width++) {
    t.true(at(width).length >= before, String(width));
    before = at(width).length;
  }
  const locked = python.regions.map((each, index): Region =>
    index === 3 ? {...each, usage: {...each.usage, locked: 4096, swap: 0}} : each,
  );
  t.true(fittingColumns(Regions.of(locked), 200).includes('locked'));
});

test('a source without counters has no columns of them', (t) => {
  const maps = parse(readFileSync('test/fixtures/maps/python3.txt'));
  t.deepEqual(fittingColumns(maps.table, undefined), ['range', 'size', 'perms', 'kind', 'name']);
});

test('of too many regions the largest are shown, and how many were left out is said', (t) => {
  const many = Array.from({length: 3000}, (_, index) =>
    region(index * 0x2000, index * 0x2000 + 0x1000, 'rw-p', {usage: {rss: index % 7 === 0 ? 4096 : 0}}),
  );
  const lines = linesOf(many, {rows: 100, width: 80});
  t.is(lines.length, 102);
  t.is(lines.at(-1), '… 2,900 more regions, the smaller ones (--all)');
  t.true(lines.slice(1, 101).every((line) => / 4 KiB +rw-p +4 KiB/.test(line)));
});

test('labels stand in parentheses, a guess has a question mark, and both are said', (t) => {
  const lines = linesOf([
    region(0x1000, 0x2000, 'rw-p', {kind: 'thread-stack', label: 'stack of thread 7 (a\x1b[2Jb)', confidence: 'guess'}),
    region(0x3000, 0x4000, 'rw-p', {name: '/memfd:x (deleted)', kind: 'memfd', label: 'a buffer'}),
  ]);
  t.regex(lines[1]!, /thread-stack\? +\(stack of thread 7 \(a\\x1b\[2Jb\)\)$/);
  t.regex(lines[2]!, /memfd +\/memfd:x \(deleted\) \(a buffer\)$/);
  t.regex(lines[3]!, /^\? a guess/);
});

test('what is nearly used up is said without being asked, and colour says nothing alone', (t) => {
  const list = Array.from({length: 50_000}, (_, index) =>
    region(0x10000 + index * 0x2000, 0x11000 + index * 0x2000, 'rw-p'),
  );
  const snapshot = snapshotOf(
    [...list, region(0x7f0000000000, 0x7f0000001000, 'rw-p')],
    {maxMapCount: 65530, limits: {addressSpace: 300 * 2 ** 20, data: null}, machine: {release: '6.18', overcommit: 1}},
    {vmSize: 290 * 2 ** 20},
  );
  const text = renderShow(snapshot, {summary: true});
  t.regex(text, /^! Regions: 50,001 of 65,530 allowed \(vm\.max_map_count\)/m);
  t.regex(text, /^! mmap: 10 MiB left of 300 MiB \(RLIMIT_AS/m);
  setColorLevel(1);
  const coloured = renderShow(snapshot, {summary: true});
  setColorLevel(0);
  t.is(coloured.replaceAll(/\x1b\[\d+m/g, ''), text);
  t.not(coloured, text);
});

test('where room is short a path keeps its last part, and a phrase its beginning', (t) => {
  const lines = linesOf(
    [
      region(0x1000, 0x2000, 'r-xp', {name: '/usr/lib/x86_64-linux-gnu/libc.so.6', kind: 'text'}),
      region(0x3000, 0x4000, 'rw-p', {kind: 'bss', label: 'bss of libc.so.6'}),
    ],
    {columns: ['range', 'name'], width: 33},
  );
  t.deepEqual(lines.slice(1), ['00001000-00002000  …/libc.so.6', '00003000-00004000  (bss of libc.…']);
});
