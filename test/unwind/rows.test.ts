import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {folder} from '../helpers/listings.ts';
import {testIf} from '../helpers/tools.ts';
import {objectOf} from './objects.ts';
import {compareRows} from './readelf.ts';

const libraryOf = (compiler: string, name: string): string =>
  execFileSync(compiler, [`-print-file-name=${name}`], {encoding: 'utf8'}).trim();

/** Files of this machine, and how many rows they have at least. */
const OWN = (): ReadonlyArray<readonly [file: string, rows: number]> => [
  [libraryOf('gcc', 'libc.so.6'), 10_000],
  [libraryOf('gcc', 'libstdc++.so.6'), 10_000],
  [libraryOf('gcc', 'ld-linux-x86-64.so.2'), 1000],
  [process.execPath, 100_000],
];

testIf('gcc', 'readelf')('each row of libc, libstdc++, the loader and node is what readelf prints', async (t) => {
  for (const [file, least] of OWN()) {
    if (!existsSync(file)) continue;
    const {rows, descriptions, expressions, different} = await compareRows(file, objectOf(file)!);
    t.log(`${file}: ${rows} rows of ${descriptions} functions, ${expressions} with expressions`);
    t.deepEqual(different, []);
    t.true(rows > least, `${file}: ${rows}`);
  }
});

for (const machine of ['aarch64', 'riscv64'] as const) {
  const compiler = `${machine}-linux-gnu-gcc` as const;
  testIf(compiler, `${machine}-linux-gnu-readelf`)(
    `each row of ${machine}'s libc is what readelf prints`,
    async (t) => {
      for (const name of ['libc.so.6', 'libgcc_s.so.1']) {
        const file = libraryOf(compiler, name);
        const {rows, different} = await compareRows(file, objectOf(file)!, `${machine}-linux-gnu-readelf`);
        t.log(`${file}: ${rows} rows`);
        t.deepEqual(different, []);
        t.true(rows > 100, `${rows}`);
      }
    },
  );

  testIf(compiler, `${machine}-linux-gnu-readelf`)(`a program of ${machine} is read as readelf reads it`, async (t) => {
    const place = folder(t);
    for (const flags of [['-O2'], ['-O0', '-fno-omit-frame-pointer'], ['-O2', '-mbranch-protection=standard']]) {
      if (machine === 'riscv64' && flags.some((flag) => flag.includes('branch'))) continue;
      const file = join(place, 'calls.so');
      const always = ['-fasynchronous-unwind-tables', '-w', '-shared', '-fPIC'];
      execFileSync(compiler, [...flags, ...always, '-o', file, 'test/unwind/programs/calls.c']);
      const {rows, different} = await compareRows(file, objectOf(file)!, `${machine}-linux-gnu-readelf`);
      t.deepEqual(different, []);
      t.true(rows > 50, `${rows}`);
    }
  });
}

testIf(
  'gcc',
  'readelf',
  'objcopy',
)(
  '.debug_frame is read where .eh_frame is missing, compressed or not, in a separate file, and without a sorted table',
  async (t) => {
    const place = folder(t);
    const source = 'test/unwind/programs/calls.c';
    const file = join(place, 'calls.so');
    const compile = (...flags: string[]): void =>
      void execFileSync('gcc', ['-O2', '-w', '-shared', '-fPIC', ...flags, '-o', file, source]);
    const agree = async (least: number): Promise<void> => {
      const {rows, different} = await compareRows(file, objectOf(file)!);
      t.deepEqual(different, []);
      t.true(rows > least, `${rows}`);
    };
    const onlyDebug = ['-g', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables'];
    compile(...onlyDebug);
    await agree(50);
    compile(...onlyDebug, '-gz=zlib');
    await agree(50);
    compile('-Wl,--no-eh-frame-hdr');
    await agree(50);
    compile(...onlyDebug, '-Wl,--build-id=none');
    execFileSync('objcopy', ['--only-keep-debug', file, join(place, 'calls.debug')]);
    execFileSync('objcopy', ['--strip-all', `--add-gnu-debuglink=${join(place, 'calls.debug')}`, file]);
    const {rows} = await compareRows(join(place, 'calls.debug'), objectOf(file)!);
    t.true(rows > 50);
    t.deepEqual((await compareRows(join(place, 'calls.debug'), objectOf(file)!)).different, []);
  },
);

test('a file of 32 bits, and what is no ELF file, have no rules', (t) => {
  t.is(objectOf('package.json'), undefined);
});
