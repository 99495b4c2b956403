import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {readGoFunctions, type GoFunctions} from '../../../src/parse/elf/go.ts';
import {readElfImage} from '../../../src/parse/elf/image.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf, unless} from '../../helpers/tools.ts';
import {fileReader, inPath} from '../../unwind/objects.ts';
import {listed} from '../../unwind/symbols.ts';

const goFunctions = (file: string): GoFunctions | undefined => {
  const read = fileReader(file);
  return readGoFunctions(read, readElfImage(read)!);
};

const GO = inPath('go');

testIf(unless(GO !== undefined, 'there is no Go compiler'))(
  'a stripped Go program has the names that it had before',
  (t) => {
    const place = folder(t);
    const source = join(place, 'grow.go');
    writeFileSync(source, 'package main\nimport "fmt"\nfunc main() { fmt.Println("hello") }\n');
    const file = join(place, 'grow');
    const build = (...flags: string[]): void =>
      void execFileSync(GO!, ['build', ...flags, '-o', file, source], {
        env: {...process.env, GO111MODULE: 'off', GOFLAGS: '', GOCACHE: join(place, 'cache'), GOPATH: place},
      });
    for (const mode of ['exe', 'pie']) {
      build(`-buildmode=${mode}`);
      const functions = listed(file, '--syms');
      build(`-buildmode=${mode}`, '-ldflags=-s -w');
      const go = goFunctions(file)!;
      const plain = (name: string): string => name.replace(/\.abi\w+$/, '');
      let same = 0;
      for (const [start, {names}] of functions) {
        const found = go.find(start);
        if (found?.start === start && names.map(plain).includes(found.name)) same++;
      }
      t.log(`${mode}: ${same} of ${functions.size} names`);
      t.true(same > 1000 && same > functions.size * 0.98);
    }
  },
);

test('a stripped Go program of a current release has the names that its own traceback prints', async (t) => {
  const file = execFileSync(process.execPath, ['-p', 'require.resolve("@esbuild/linux-x64/bin/esbuild")'], {
    encoding: 'utf8',
  }).trim();
  const go = goFunctions(file)!;
  t.truthy(go);
  const child = spawn(file, ['--service=0.28.2', '--ping'], {
    env: {...process.env, GOTRACEBACK: 'system'},
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (data: Buffer) => (text += data.toString()));
  await once(child.stdout, 'data');
  child.kill('SIGQUIT');
  await once(child, 'close');
  const frames = [
    ...text.matchAll(/^(\S+)\(.*\)(?: in goroutine \d+)?\n\t.* \+0x([0-9a-f]+) fp=\S+ sp=\S+ pc=0x([0-9a-f]+)$/gm),
  ];
  t.true(frames.length > 10, text);
  for (const [, name, offset, pc] of frames) {
    const address = Number.parseInt(pc!, 16);
    const found = go.find(address)!;
    t.is(found.start, address - Number.parseInt(offset!, 16));
    t.is(found.name, name!);
  }
  t.log(`${frames.length} frames`);
});
