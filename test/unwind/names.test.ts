import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {readElfImage} from '../../src/parse/elf/image.ts';
import {CodeObject} from '../../src/unwind/object.ts';
import {folder} from '../helpers/listings.ts';
import {testIf} from '../helpers/tools.ts';
import {fileReader, objectOf, reading} from './objects.ts';
import {listed} from './symbols.ts';

testIf('readelf')("each function of node has readelf's name, at its first and its last byte", (t) => {
  const object = objectOf(process.execPath)!;
  const functions = listed(process.execPath, '--syms');
  t.true(functions.size > 1000);
  let nested = 0;
  const other: string[] = [];
  for (const [start, {names, size}] of functions) {
    const first = object.functionAt(start);
    if (!first || !names.includes(first.name) || first.start !== start) other.push(`${names.join()} ${first?.name}`);
    const last = object.functionAt(start + Math.max(1, size) - 1);
    if (!last || last.start < start) other.push(`${names.join()} ends in ${last?.name}`);
    else if (last.start > start) nested++;
  }
  t.deepEqual(other, []);
  t.log(`${functions.size} functions, in ${nested} of which another one ends`);
  t.true(nested < functions.size / 1000);
});

testIf('readelf')('a library without .symtab has the names that others use, and no name is only near', (t) => {
  const file = /\S+libstdc\+\+\.so\.6/.exec(execFileSync('ldd', [process.execPath], {encoding: 'utf8'}))?.[0];
  const object = CodeObject.open({read: fileReader(file!)})!;
  const functions = listed(file!, '--dyn-syms');
  t.true(functions.size > 1000);
  for (const [start, {names}] of functions) t.true(names.includes(object.functionAt(start)?.name ?? ''));
  const text = readElfImage(fileReader(file!))!.sections.find(({name}) => name === '.text')!;
  fc.assert(
    fc.property(fc.nat(text.size - 1), (distance) => {
      const address = text.address + distance;
      const found = object.functionAt(address);
      if (!found) return;
      t.true(address >= found.start && address < found.start + found.size);
      const exact = functions.get(found.start);
      t.is(found.name, exact ? found.name : `function at 0x${found.start.toString(16)}`);
    }),
    {numRuns: 3000},
  );
});

testIf(
  'gcc',
  'objcopy',
  'readelf',
)('names come from a separate file that belongs to the program, and from no other', (t) => {
  const place = folder(t);
  const [program, debug] = [join(place, 'calls.so'), join(place, 'calls.debug')];
  const source = 'test/unwind/programs/calls.c';
  for (const id of ['sha1', 'none']) {
    execFileSync('gcc', ['-O2', '-g', '-w', '-shared', '-fPIC', `-Wl,--build-id=${id}`, '-o', program, source]);
    const [start, {names}] = [...listed(program, '--syms')].find(
      ([, known]) => known.names.includes('deep.part.0') || known.names.includes('deep'),
    )!;
    execFileSync('objcopy', ['--only-keep-debug', program, debug]);
    execFileSync('objcopy', ['--strip-all', `--add-gnu-debuglink=${debug}`, program]);
    const read = fileReader(program);
    const bytes = readFileSync(debug);
    t.true(names.includes(CodeObject.open({read, debug: reading(bytes)})!.functionAt(start)!.name));
    t.true(names.includes(objectOf(program)!.functionAt(start)!.name), 'it is found beside the program');
    t.is(CodeObject.open({read})!.functionAt(start)!.name, `function at 0x${start.toString(16)}`);
    const other = Buffer.from(bytes);
    // Another build-id, or another byte in a file that has none.
    other[id === 'none' ? other.length - 1 : other.indexOf('GNU\0') + 4]! ^= 1;
    t.is(
      CodeObject.open({read, debug: reading(other)})!.functionAt(start)!.name,
      `function at 0x${start.toString(16)}`,
    );
  }
});
