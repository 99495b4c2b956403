import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import test from 'ava';
import {parse} from '../../src/parse/parse.ts';
import {testIf} from '../helpers/tools.ts';
import {python} from '../helpers/child.ts';
import {capturedWhole} from './real.ts';

interface Header {
  readonly type: string;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly flags: string;
}

/** What readelf says of a file's program headers. */
const headersOf = (file: string): Header[] =>
  execFileSync('readelf', ['-lW', file], {encoding: 'utf8'})
    .split('\n')
    .flatMap((row) => {
      const match = /^\s+(LOAD|GNU_RELRO)\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) (...) /.exec(row);
      if (!match) return [];
      const [offset, address, fileSize, memorySize] = match.slice(2, 6).map(Number) as [number, number, number, number];
      return [{type: match[1]!, offset, address, fileSize, memorySize, flags: match[6]!}];
    });

const up = (address: number): number => Math.ceil(address / 4096) * 4096;
const down = (address: number): number => Math.floor(address / 4096) * 4096;

testIf('python3', 'readelf')(
  'text, rodata, relro, data and bss of every mapped ELF file are where readelf says',
  async (t) => {
    const child = await python(t, 'import ssl, json, decimal');
    const {regions} = capturedWhole(t, child.pid);
    const files = [...new Set(regions.filter(({kind}) => kind === 'text').map(({name}) => name))];
    t.true(files.length > 5);
    let seen = {relro: 0, bss: 0};
    for (const file of files) {
      const headers = headersOf(file);
      const loads = headers.filter(({type}) => type === 'LOAD');
      const ours = regions.filter(({name}) => name === file);
      const bias = ours[0]!.start - down(loads.find(({offset}) => offset === 0)!.address);
      for (const load of loads) {
        const [from, to] = [bias + down(load.address), bias + up(load.address + load.fileSize)];
        const parts = ours.filter(({start, end}) => start >= from && end <= to);
        const kinds = new Set(parts.map(({kind}) => kind));
        if (load.flags === 'R E') t.deepEqual([...kinds], ['text'], file);
        else if (load.flags === 'R  ') t.deepEqual([...kinds], ['rodata'], file);
        else
          t.true(
            [...kinds].every((kind) => kind === 'relro' || kind === 'data'),
            file,
          );
        if (up(load.address + load.memorySize) > up(load.address + load.fileSize)) {
          const bss = regions.find(({start}) => start === to);
          t.deepEqual([bss?.kind, bss?.confidence], ['bss', undefined], file);
          seen.bss++;
        }
      }
      const relro = headers.find(({type}) => type === 'GNU_RELRO');
      if (!relro) continue;
      const protectedBytes = ours
        .filter(({kind}) => kind === 'relro')
        .reduce((sum, {start, end}) => sum + end - start, 0);
      t.is(protectedBytes, down(relro.address + relro.memorySize) - down(relro.address), file);
      seen.relro++;
    }
    t.true(seen.relro > 3 && seen.bss > 1, JSON.stringify(seen));
  },
);

testIf('python3')('from maps alone the same parts are told, and which are guesses is said', async (t) => {
  const child = await python(t);
  const {regions} = capturedWhole(t, child.pid);
  const bare = parse(readFileSync(`/proc/${child.pid}/maps`)).regions;
  const part = new Set(['text', 'rodata', 'relro', 'data']);
  const pairs = regions.flatMap((region, index) => (part.has(region.kind) ? [[region, bare[index]!] as const] : []));
  t.deepEqual(
    pairs.filter(([region, guess]) => region.kind !== guess.kind),
    [],
  );
  t.true(pairs.some(([, guess]) => guess.kind === 'relro'));
  t.true(pairs.every(([, guess]) => (guess.confidence === 'guess') === (guess.kind === 'relro')));
});

test('a gap that the dynamic linker keeps between two segments is reserved, not a guard', (t) => {
  const text = `7f0000000000-7f0000001000 r-xp 00000000 fd:00 7                          /lib/old.so
7f0000001000-7f0000200000 ---p 00001000 fd:00 7                          /lib/old.so
7f0000200000-7f0000201000 r--p 00000000 fd:00 7                          /lib/old.so
7f0000201000-7f0000202000 rw-p 00001000 fd:00 7                          /lib/old.so
`;
  t.deepEqual(
    parse(text).regions.map(({kind}) => kind),
    ['text', 'reserved', 'relro', 'data'],
  );
});
