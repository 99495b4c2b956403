import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import test from 'ava';
import {demangler} from '../../src/unwind/demangle.ts';
import {testIf} from '../helpers/tools.ts';

const PROGRAM = readFileSync('node_modules/gecko-profiler-demangle/index_bg.wasm');

/** Only how blanks and casts are written differs between demanglers. */
const letters = (name: string): string => name.replace(/[^\w~]/g, '');

testIf('nm', 'c++filt')('names of C++ are readable, as c++filt has them', (t) => {
  const lines = execFileSync('nm', ['-P', process.execPath], {encoding: 'utf8', maxBuffer: 1 << 28}).split('\n');
  const mangled = lines.map((line) => line.split(' ')[0]!).filter((name) => name.startsWith('_Z'));
  const names = mangled.filter((_, index) => index % Math.ceil(mangled.length / 3000) === 0);
  t.true(names.length > 1000);
  const theirs = execFileSync('c++filt', {encoding: 'utf8', input: names.join('\n'), maxBuffer: 1 << 28}).split('\n');
  const demangle = demangler(PROGRAM);
  const ours = names.map(demangle);
  const readable = ours.filter((name, index) => name !== names[index]).length;
  const same = ours.filter((name, index) => name === theirs[index]).length;
  const alike = ours.filter((name, index) => letters(name) === letters(theirs[index]!)).length;
  t.log(`${names.length} names: ${readable} are readable, ${same} equal c++filt's, ${alike} but for blanks and signs`);
  t.true(readable > names.length * 0.99);
  t.true(alike > names.length * 0.75);
});

test('names of Rust are readable, in both manglings', (t) => {
  const demangle = demangler(PROGRAM);
  t.is(demangle('_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE'), 'core::fmt::Write::write_fmt');
  t.is(demangle('_RNvCsfLfy6EI15iL_7___rustc10rust_panic'), '__rustc::rust_panic');
});

test('what is not mangled stays as it is', (t) => {
  const demangle = demangler(PROGRAM);
  for (const name of [
    'malloc',
    '_start',
    '__libc_start_main',
    '_D3foo3bar',
    '_Zinvalid',
    '_Z',
    '',
    'main.main',
    '?f@@YAXXZ',
  ])
    t.is(demangle(name), name);
});

test('a name that doubles again and again is left as it is, in bounded time and memory', (t) => {
  const levels = Array.from(
    {length: 40},
    (_, level) => `S_IS${level.toString(36).toUpperCase()}_S${level.toString(36).toUpperCase()}_E`,
  );
  const hostile = `_Z1fSt4pairIiiE${levels.join('')}`;
  const demangle = demangler(PROGRAM);
  const before = process.cpuUsage();
  for (let time = 0; time < 100; time++) t.is(demangle(hostile), hostile);
  const {user, system} = process.cpuUsage(before);
  t.true(user + system < 10e6, `${user + system} µs`);
  t.true(process.memoryUsage.rss() < 1e9);
  // From the third on it asks no more; another one still works until then.
  const other = demangler(PROGRAM);
  other(hostile);
  t.is(other('_Z3foov'), 'foo()');
});
