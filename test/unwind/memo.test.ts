import {readFileSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {readElfImage} from '../../src/parse/elf/image.ts';
import {X64} from '../../src/unwind/machine.ts';
import {CodeObject} from '../../src/unwind/object.ts';
import {Space, type Mapping} from '../../src/unwind/space.ts';
import type {Sample, Stack} from '../../src/unwind/stack.ts';
import {Unwinder} from '../../src/unwind/unwind.ts';
import {reading} from './objects.ts';

const LIBRARY = readFileSync('test/fixtures/elf/frames.so');
const OBJECT = CodeObject.open({read: reading(LIBRARY)})!;
const TEXT = readElfImage(reading(LIBRARY))!.sections.find(({name}) => name === '.text')!;
const BASE = 0x10000;
const STACK = 0x7fff0000;

const mapped = (start: number): Mapping => ({
  start,
  end: start + 0x1000,
  isExecutable: true,
  offset: 0,
  name: '/lib.so',
  object: OBJECT,
});

/** Words of a stack: places in the library's code, which most walks go through, the stack itself, and others. */
const codeWord = fc.nat(TEXT.size - 1).map((at) => BigInt(BASE + TEXT.offset + at));
const stackWord = fc.nat(30).map((index) => BigInt(STACK + index * 8));
const anyWord = fc.oneof(
  {weight: 6, arbitrary: codeWord},
  {weight: 2, arbitrary: stackWord},
  fc.bigInt(0n, 2n ** 64n - 1n),
);

const sampleOf = (pc: bigint, frame: bigint, words: readonly bigint[]): Sample => {
  const registers = new Float64Array(17).fill(3);
  registers[6] = Number(frame);
  registers[7] = STACK;
  return {pc: Number(pc), registers, stack: new Uint8Array(BigUint64Array.from(words).buffer)};
};

const plain = ({frames, end, how}: Stack): unknown => ({
  end,
  how,
  frames: frames.map(({pc, name, address, offset}) => ({pc, name, address, offset})),
});

test('a stack that was known is what a new walk finds, whichever words of it changed', (t) => {
  const start = fc.tuple(codeWord, stackWord, fc.array(anyWord, {minLength: 30, maxLength: 40}));
  const change = fc.record({
    word: fc.tuple(fc.nat(39), anyWord),
    frame: fc.option(stackWord),
    pc: fc.option(codeWord, {freq: 10}),
    move: fc.boolean(),
  });
  let deepest = 0;
  let known = 0;
  fc.assert(
    fc.property(start, fc.array(change, {maxLength: 12}), ([firstPc, firstFrame, firstWords], changes) => {
      const space = new Space([mapped(BASE)]);
      const unwinder = new Unwinder(X64, 50);
      const seen = new Set<Stack>();
      let [pc, frame, words] = [firstPc, firstFrame, firstWords];
      for (const {word, frame: other, pc: next, move} of [...changes, ...changes]) {
        if (move) space.put(mapped(0x90000));
        else space.remove(0x90000, 0x91000);
        [pc, frame] = [next ?? pc, other ?? frame];
        words = words.map((value, index) => (index === word[0] ? word[1] : value));
        const found = unwinder.unwind(space, sampleOf(pc, frame, words));
        const fresh = new Unwinder(X64, 50).unwind(new Space([mapped(BASE)]), sampleOf(pc, frame, words));
        t.deepEqual(plain(found), plain(fresh));
        deepest = Math.max(deepest, found.frames.length);
        if (seen.has(found)) known++;
        seen.add(found);
      }
    }),
    {numRuns: 400},
  );
  t.log(`the deepest had ${deepest} frames; ${known} stacks were known`);
  t.true(deepest > 5);
  t.true(known > 100);
});

test('a space has what was mapped last at each address, and its version tells when code came or went', (t) => {
  const act = fc.record({
    start: fc.nat(40),
    size: fc.integer({min: 1, max: 12}),
    what: fc.constantFrom('code', 'code', 'data', 'nothing'),
  });
  fc.assert(
    fc.property(fc.array(act, {maxLength: 40}), (acts) => {
      const space = new Space();
      let pages: Array<string | undefined> = Array.from({length: 60});
      for (const [index, {start, size, what}] of acts.entries()) {
        const before = [...pages];
        const version = space.version;
        const [from, to] = [start * 4096, (start + size) * 4096];
        if (what === 'nothing') space.remove(from, to);
        else
          space.put({start: from, end: to, isExecutable: what === 'code', offset: index * 2 ** 20, name: `${index}`});
        pages = Array.from({length: 60}, (_, page) => {
          if (page < start || page >= start + size) return before[page];
          return what === 'code' ? `${index}+${index * 2 ** 20 + (page - start) * 4096}` : undefined;
        });
        for (const [page, expected] of pages.entries()) {
          const found = space.at(page * 4096 + 5);
          const own = found && `${found.name}+${found.offset + page * 4096 - found.start}`;
          t.is(own, expected);
        }
        if (JSON.stringify(before) === JSON.stringify(pages)) t.is(space.version, version);
        else t.not(space.version, version);
      }
    }),
    {numRuns: 300},
  );
});

test('the same mapping again, as a second listing has it, changes nothing', (t) => {
  const space = new Space([mapped(BASE)]);
  const {version} = space;
  space.put(mapped(BASE));
  t.is(space.version, version);
  t.not(new Space([mapped(BASE)]).version, version, 'another process has another version');
  t.is(space.at(BASE)?.name, '/lib.so');
  space.clear();
  t.is(space.at(BASE), undefined);
});
