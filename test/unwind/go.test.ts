import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {readElfImage} from '../../src/parse/elf/image.ts';
import {X64 as MACHINE} from '../../src/unwind/machine.ts';
import type {Stack} from '../../src/unwind/stack.ts';
import {Unwinder} from '../../src/unwind/unwind.ts';
import {folder} from '../helpers/listings.ts';
import {testIf, unless, X64} from '../helpers/tools.ts';
import {gdbStops, spaceOf, type Stop} from './gdb.ts';
import {fileReader, inPath, objectOf} from './objects.ts';

/** Memory that goroutine after goroutine keeps: Go's runtime maps more, on a stack of its own. */
const SOURCE = `package main

import "fmt"

//go:noinline
func innermost(n int) []byte { return make([]byte, n) }

//go:noinline
func outermost(n int) int { return len(innermost(n)) }

func main() {
	kept := [][]byte{}
	done := make(chan []byte)
	for i := 0; i < 4; i++ {
		go func() { outermost(8 << 20); done <- innermost(64 << 20) }()
		kept = append(kept, <-done)
	}
	fmt.Println(len(kept))
}
`;

const GO = inPath('go');

const names = ({frames}: Stack): string[] => frames.map(({name}) => (name ?? '?').replace(/\.abi\w+$/, ''));

testIf(
  'gdb',
  'readelf',
  X64,
  unless(GO !== undefined, 'there is no Go compiler'),
)("Go's stacks go on from the runtime's own stack to the goroutine, with rules and without", (t) => {
  const place = folder(t);
  const source = join(place, 'grow.go');
  writeFileSync(source, SOURCE);
  const build = (file: string, ...flags: string[]): void =>
    void execFileSync(GO!, ['build', ...flags, '-o', file, source], {
      env: {...process.env, GO111MODULE: 'off', GOFLAGS: '', GOCACHE: join(place, 'cache'), GOPATH: place},
    });
  const [whole, stripped] = [join(place, 'whole'), join(place, 'stripped')];
  build(whole);
  build(stripped, '-ldflags=-s -w');
  const symbols = execFileSync('readelf', ['-sW', whole], {encoding: 'utf8'});
  const address = /([0-9a-f]+) +\d+ FUNC .* runtime\.mmap$/m.exec(symbols)![1]!;
  const stacksOf = (file: string): Stack[] => {
    const stops = gdbStops(place, [file], {every: 0, most: 60, place: `*0x${address}`});
    const unwinder = new Unwinder(MACHINE);
    return stops.map((stop: Stop) => unwinder.unwind(spaceOf(stop.maps), {...stop.sample, chain: stop.chain}));
  };
  const [withRules, without] = [stacksOf(whole), stacksOf(stripped)];
  t.true(withRules.length > 10 && without.length > 10);
  for (const stacks of [withRules, without]) {
    for (const stack of stacks) {
      t.is(stack.end, 'root', names(stack).join(' '));
      t.true(['runtime.goexit', 'runtime.rt0_go', 'runtime.mstart'].includes(names(stack).at(-1)!));
    }
    const grown = stacks.find((stack) => names(stack).includes('main.innermost'))!;
    t.log(names(grown).join(' ← '));
    const own = names(grown).filter((name) => name.startsWith('main.'));
    t.is(own[0], 'main.innermost');
    t.true(grown.frames.some(({isSwitch}) => isSwitch));
  }
  // Go's own table says of each place what .debug_frame says.
  const [full, bare] = [objectOf(whole)!, objectOf(stripped)!];
  const text = readElfImage(fileReader(whole))!.sections.find(({name}) => name === '.text')!;
  let same = 0;
  for (let at = text.address; at < text.address + text.size; at++) {
    const [rules, own] = [full.rowAt(at)?.cfa, bare.rowAt(at)?.cfa];
    if (rules === undefined || own === undefined) continue;
    if (JSON.stringify(rules) === JSON.stringify(own)) same++;
    else t.fail(`${at.toString(16)} ${full.functionAt(at)?.name} ${JSON.stringify([rules, own])}`);
  }
  t.log(`${same} places`);
  t.true(same > text.size / 2);
});
