import {execFileSync} from 'node:child_process';
import {closeSync, openSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import test from 'ava';
import {parseInput, type Input} from '../../src/input/input.ts';
import {open, openRecording} from '../../src/input/open.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {folder} from '../helpers/listings.ts';

const FILES = ['before.txt', '1234', '12a', 'a#1', 'a', 'r@x', 'dir/rec.jsonl', 'maps'];
const PROCESSES: Readonly<Record<string, number>> = {sleep: 7, maps: 8, 'a#1': 9, 'x@1': 10};
const WORLD = {
  isThere: (path: string) => FILES.includes(path),
  pidOf(name: string): number {
    if (PROCESSES[name] !== undefined) return PROCESSES[name];
    throw new Trouble({kind: 'gone', what: name, why: '', next: ''});
  },
};

/** What is written → what it stands for, among these files and processes. */
const MEANT: ReadonlyArray<readonly [string, Input]> = [
  ['-', {is: 'stdin'}],
  ['4242', {is: 'process', pid: 4242}],
  ['1234', {is: 'process', pid: 1234}],
  ['2147483647', {is: 'process', pid: 2 ** 31 - 1}],
  ['12a', {is: 'file', path: '12a'}],
  ['before.txt', {is: 'file', path: 'before.txt'}],
  ['maps', {is: 'file', path: 'maps'}],
  ['a#1', {is: 'file', path: 'a#1'}],
  ['a#1#2', {is: 'moment', path: 'a#1', moment: '#2'}],
  ['a#2', {is: 'moment', path: 'a', moment: '#2'}],
  ['r@x@+30s', {is: 'moment', path: 'r@x', moment: '@+30s'}],
  ['dir/rec.jsonl#a@b', {is: 'moment', path: 'dir/rec.jsonl', moment: '#a@b'}],
  ['before.txt#', {is: 'moment', path: 'before.txt', moment: '#'}],
  ['sleep', {is: 'process', pid: 7}],
  ['x@1', {is: 'process', pid: 10}],
];
for (const [text, meant] of MEANT) {
  test(`"${text}" is a ${meant.is}`, (t) => t.deepEqual(parseInput(text, WORLD), meant));
}

/** What stands for nothing → the kind of trouble. */
const NOTHING: ReadonlyArray<readonly [string, Trouble['kind']]> = [
  ['0', 'usage'],
  ['-1', 'usage'],
  ['1e3', 'usage'],
  ['2147483648', 'usage'],
  ['٣', 'usage'],
  ['missing.txt', 'input'],
  ['dir/missing', 'input'],
  ['missing.txt#1', 'input'],
  ['nobody', 'gone'],
  ['', 'usage'],
];
for (const [text, kind] of NOTHING) {
  test(`"${text}" is nothing: ${kind}`, (t) => {
    t.is(t.throws(() => parseInput(text, WORLD), {instanceOf: Trouble}).kind, kind);
  });
}

test('a moment and its file, put together again, are what was written', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...FILES), fc.stringMatching(/^[#@][^#@/]{0,20}$/), (file, moment) => {
      const text = `${file}${moment}`;
      fc.pre(!FILES.includes(text));
      t.deepEqual(parseInput(text, WORLD), {is: 'moment', path: file, moment});
    }),
  );
});

test('what is wrong with a file is told when it is used, and in the words of that use', async (t) => {
  const place = folder(t);
  const [missing, other] = [join(place, 'missing'), join(place, 'other')];
  writeFileSync(other, 'hello\n');
  for (const [path, read, recording] of [
    [missing, /no such file/, /no such file/],
    [place, /it is a directory/, /it is a directory/],
    [other, /not a listing/, /it is not a recording/],
  ] as const) {
    const opened = await open({is: 'file', path});
    if (opened.is !== 'listing') return t.fail(opened.is);
    t.regex(t.throws(() => opened.read(), {instanceOf: Trouble}).why, read);
    t.regex(opened.noRecording().why, recording);
    t.regex((await t.throwsAsync(openRecording(path), {instanceOf: Trouble})).next, /recording|record/);
  }
});

test('a named pipe is opened once: what its writer wrote is all there', async (t) => {
  const path = join(folder(t), 'pipe');
  execFileSync('mkfifo', [path]);
  // Held open for reading and writing, nobody waits for the other side, and a second opening would find it empty.
  const held = openSync(path, 'r+');
  writeFileSync(held, '00400000-00401000 r--p 00000000 fd:00 7 /usr/bin/some-app\n');
  const opened = await open({is: 'file', path});
  closeSync(held);
  if (opened.is !== 'listing') return t.fail(opened.is);
  t.is(opened.read().regions.length, 1);
});
