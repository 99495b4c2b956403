import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import test, {type ExecutionContext} from 'ava';
import type {ReadAt} from '../../../src/parse/elf/headers.ts';
import {readElfImage, sectionAt, type ElfImage} from '../../../src/parse/elf/image.ts';
import {ownAddress} from '../../../src/parse/elf/place.ts';
import {findSymbol} from '../../../src/parse/elf/symbols.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';

const NODE = process.execPath;
const LIBC =
  /\S+libc\.so\.6$/m.exec(execFileSync('ldd', [NODE], {encoding: 'utf8'}).replace(/ \(0x.*$/gm, ''))?.[0] ?? '';

/** Bytes as a file gives them: less at the end, nothing after it. */
const reading =
  (bytes: Uint8Array): ReadAt =>
  (offset, length) =>
    offset >= 0 && offset < bytes.length
      ? bytes.subarray(offset, offset + Math.min(length, bytes.length))
      : new Uint8Array();

interface Named {
  readonly names: string[];
  readonly size: number;
}

/** Functions and variables of a file by their address, as readelf lists them. */
function readelfSymbols(file: string, flag: string): Map<number, Named> {
  const text = execFileSync('readelf', ['-W', flag, file], {encoding: 'utf8', maxBuffer: 1 << 28});
  const symbols = new Map<number, Named>();
  for (const line of text.split('\n')) {
    const match = /^ +\d+: ([0-9a-f]+) +(0x[0-9a-f]+|\d+) (?:FUNC|OBJECT|IFUNC) +\w+ +\w+ +\d+ (\S+)/.exec(line);
    if (!match || Number(match[2]) === 0) continue;
    const address = Number.parseInt(match[1]!, 16);
    const name = match[3]!.replace(/@.*$/, '');
    const known = symbols.get(address);
    if (known) known.names.push(name);
    else symbols.set(address, {names: [name], size: Number(match[2])});
  }
  return symbols;
}

/** name, address, size of each section, as readelf lists them. */
function readelfSections(file: string): Array<readonly [string, number, number]> {
  const text = execFileSync('readelf', ['-SW', file], {encoding: 'utf8'});
  return [...text.matchAll(/^ +\[ *\d+\] (\S+) +\w+ +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) .*?A/gm)].map(
    ([, name, address, size]) => [name!, Number.parseInt(address!, 16), Number.parseInt(size!, 16)] as const,
  );
}

testIf('readelf')('sections are those that readelf lists', (t) => {
  for (const file of [LIBC, NODE]) {
    const image = readElfImage(reading(readFileSync(file)))!;
    const listed = readelfSections(file).filter(([, address]) => address > 0);
    t.true(listed.length > 15);
    for (const [name, address, size] of listed) {
      if (name === '.tbss') continue;
      t.is(sectionAt(image, address)?.name, name);
      t.is(sectionAt(image, address + size - 1)?.name, name);
    }
  }
});

testIf('readelf')(
  'the symbol at the beginning, in the middle and at the last byte of functions and variables of libc is what ' +
    'readelf lists',
  (t) => {
    const read = reading(readFileSync(LIBC));
    const image = readElfImage(read)!;
    const symbols = [...readelfSymbols(LIBC, '--dyn-syms')];
    t.true(symbols.length > 1000);
    agree(
      t,
      read,
      image,
      symbols.filter((_, index) => index % 11 === 0),
    );
  },
);

testIf('readelf')('a symbol table of a hundred thousand names is searched', (t) => {
  const read = reading(readFileSync(NODE));
  const image = readElfImage(read)!;
  const symbols = [...readelfSymbols(NODE, '--syms')];
  t.true(symbols.length > 1000);
  const step = Math.ceil(symbols.length / 40);
  agree(
    t,
    read,
    image,
    symbols.filter((_, index) => index % step === 0),
  );
});

function agree(
  t: ExecutionContext,
  read: ReadAt,
  image: ElfImage,
  symbols: ReadonlyArray<readonly [number, Named]>,
): void {
  for (const [address, {names, size}] of symbols) {
    const first = findSymbol(read, image, address).symbol;
    t.true(first !== undefined && names.includes(first.name) && first.distance === 0, `${names.join()} ${first?.name}`);
    const last = findSymbol(read, image, address + size - 1).symbol;
    // Another one may begin inside of it.
    t.true(last !== undefined && last.isInside && last.distance <= size - 1, names.join());
  }
}

testIf('gcc')('a program of 32 bits, and a stripped one, are read as well', (t) => {
  const place = folder(t);
  const source = join(place, 'lib.c');
  writeFileSync(
    source,
    'int first(int x) { return x + 1; }\nstatic int hidden(int x) { return x * 3; }\nint last(int x) { return ' +
      'hidden(x) + first(x); }\nint variable = 7;\nint zeros[5000];\n',
  );
  for (const flags of [['-m32'], ['-m32', '-s'], [], ['-s']]) {
    const file = join(place, `lib${flags.join('')}.so`);
    execFileSync('gcc', ['-O0', '-nostdlib', '-shared', '-fPIC', ...flags, '-o', file, source], {stdio: 'ignore'});
    const read = reading(readFileSync(file));
    const image = readElfImage(read)!;
    t.is(image.is64, !flags.includes('-m32'));
    for (const [address, {names, size}] of readelfSymbols(file, '--dyn-syms')) {
      const {symbol, tables} = findSymbol(read, image, address + 1);
      t.true(names.includes(symbol?.name ?? ''), names.join());
      t.is(symbol?.size, size);
      t.is(symbol?.distance, 1);
      t.deepEqual(tables, [flags.includes('-s') ? '.dynsym' : '.symtab']);
    }
    if (flags.includes('-s')) {
      const [hidden] = [...readelfSymbols(join(place, `lib${flags.slice(0, -1).join('')}.so`), '--syms')].find(
        ([, {names}]) => names.includes('hidden'),
      )!;
      const {symbol} = findSymbol(read, image, hidden);
      t.is(symbol?.name, 'first', 'a stripped file has only the nearest name before');
      t.false(symbol?.isInside);
    }
  }
});

testIf('readelf')('an address in memory becomes the own address of the file through the program headers', (t) => {
  const image = readElfImage(reading(readFileSync(LIBC)))!;
  const bias = 0x7f0000000000;
  for (const segment of image.segments) {
    const page = (value: number): number => value - (value % 4096);
    const start = bias + page(segment.address);
    const at = {start, offset: page(segment.offset), perms: permsOf(segment.flags)};
    for (const own of [segment.address, segment.address + segment.fileSize - 1]) {
      t.is(ownAddress(image, {...at, base: bias}, bias + own), own, 'from where the file begins');
      t.is(ownAddress(image, at, bias + own), own, 'from the offset alone');
    }
  }
  const last = image.segments.at(-1)!;
  const bss = last.address + last.memorySize - 1;
  t.is(ownAddress(image, {start: bias + bss - (bss % 4096), offset: NaN, perms: 'rw-p', base: bias}, bias + bss), bss);
});

const permsOf = (flags: number): string => `${flags & 4 ? 'r' : '-'}${flags & 2 ? 'w' : '-'}${flags & 1 ? 'x' : '-'}p`;

testIf('gcc')('no damage to a file makes reading it fail or take long', (t) => {
  const place = folder(t);
  const source = join(place, 'lib.c');
  writeFileSync(source, 'int first(int x) { return x + 1; }\nint variable = 7;\n');
  for (const flags of [['-m32'], []]) {
    const file = join(place, 'lib.so');
    execFileSync('gcc', ['-nostdlib', '-shared', '-fPIC', ...flags, '-o', file, source], {stdio: 'ignore'});
    const whole = readFileSync(file);
    const places = importantPlaces(whole);
    const damage = fc.array(
      fc.tuple(fc.oneof(fc.nat(whole.length - 1), fc.constantFrom(...places)), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
      {minLength: 1, maxLength: 12},
    );
    fc.assert(
      fc.property(damage, fc.nat(whole.length), fc.nat(), (bytes, length, address) => {
        const broken = Buffer.from(whole);
        for (const [at, value] of bytes) broken[at] = value;
        const read = reading(length % 3 === 0 ? broken.subarray(0, length) : broken);
        const image = readElfImage(read);
        if (!image) return;
        findSymbol(read, image, address);
        ownAddress(image, {start: 0x1000, offset: address, perms: 'r-xp', base: 0x1000}, address + 0x1000);
      }),
      {numRuns: 2000},
    );
  }
  t.pass();
});

/** The headers: damage there matters most. */
function importantPlaces(bytes: Buffer): number[] {
  const is64 = bytes[4] === 2;
  const sections = is64 ? Number(bytes.readBigUInt64LE(40)) : bytes.readUInt32LE(32);
  const header = Array.from({length: 64}, (_, index) => index);
  return [...header, ...Array.from({length: Math.max(0, bytes.length - sections)}, (_, index) => sections + index)];
}

test('what is not an ELF file is not read as one', (t) => {
  for (const bytes of [Buffer.from(''), Buffer.from('#!/bin/sh\n'), Buffer.alloc(4096), readFileSync('package.json')])
    t.is(readElfImage(reading(bytes)), undefined);
});
