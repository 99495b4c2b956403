import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import fc from 'fast-check';
import {PerfMap} from '../../src/parse/perf-map.ts';
import {X64 as MACHINE} from '../../src/unwind/machine.ts';
import type {Stack} from '../../src/unwind/stack.ts';
import {Space} from '../../src/unwind/space.ts';
import {Unwinder} from '../../src/unwind/unwind.ts';
import {folder} from '../helpers/listings.ts';
import {testIf, X64} from '../helpers/tools.ts';
import {gdbStops, mappingsOf, spaceOf, type Stop} from './gdb.ts';

/** JavaScript calls itself through a callback of C++, and stops in a system call: interpreted first, then compiled. */
const SCRIPT = `
function innermost(n) { if (n % 400 === 0) process.kill(process.pid, 0); return n; }
function middle(n) { return [n].map((each) => innermost(each) + 1)[0]; }
function outermost(n) { return JSON.parse('[1]', () => middle(n)); }
for (let n = 0; n < 2001; n++) outermost(n);
`;

/** Node's stacks, and the names that V8 told of its code. */
function nodeStops(t: ExecutionContext): {readonly stops: readonly Stop[]; readonly map: PerfMap} {
  const place = folder(t);
  const script = join(place, 'calls.js');
  writeFileSync(script, SCRIPT);
  const flags = ['--perf-basic-prof', '--interpreted-frames-native-stack', `--logfile=${join(place, 'v8.log')}`];
  const program = [process.execPath, ...flags, script];
  const stops = gdbStops(place, program, {every: 0, most: 6, place: 'kill'});
  const map = new PerfMap();
  const file = `/tmp/perf-${stops[0]?.pid}.map`;
  map.add(readFileSync(file));
  rmSync(file);
  return {stops, map};
}

const pcs = ({frames}: Stack): number[] => frames.map(({pc}) => pc);

testIf('gdb', X64)(
  'a stack goes through code of V8, whose functions its own map names; it is never another when cut',
  (t) => {
    const {stops, map} = nodeStops(t);
    t.true(stops.length > 4 && map.size > 1000);
    for (const [index, stop] of stops.entries()) {
      const space = spaceOf(stop.maps);
      const unwinder = new Unwinder(MACHINE);
      const whole = unwinder.unwind(space, stop.sample);
      const names = whole.frames.map(({name, pc}) => name ?? map.at(pc - 1)?.name ?? '?');
      t.is(whole.end, 'root', names.join(' '));
      t.is(whole.how, 'mixed');
      const scripted = names.flatMap((name) => /^JS:[~^*]?(\w+) \S*calls\.js/.exec(name)?.[1] ?? []);
      t.log(`${index}: ${names.length} frames: ${scripted.join(' ')} … ${names.at(-1)}`);
      t.is(scripted[0], 'innermost');
      t.true(scripted.includes('outermost') || scripted.includes('middle'));
      t.is(names.at(-1), '_start');
      // Where a runtime keeps no frame pointers, the stack ends at its code.
      const guarded = new Space(mappingsOf(stop.maps).map((mapping) => ({...mapping, keepsPointers: false})));
      const short = new Unwinder(MACHINE).unwind(guarded, {...stop.sample, chain: stop.chain});
      t.is(short.end, 'no-unwind-info');
      t.deepEqual(pcs(short), pcs(whole).slice(0, short.frames.length));
      t.is(short.frames.at(-1)!.name, undefined);
      // However short the copy is: all frames are those of the whole stack, with the kernel's chain as without.
      const size = Math.min(stop.sample.stack.length, 16_384);
      fc.assert(
        fc.property(fc.integer({min: 0, max: size}), (bytes) => {
          const cut = unwinder.unwind(space, {...stop.sample, stack: stop.sample.stack.subarray(0, bytes)});
          t.deepEqual(pcs(cut), pcs(whole).slice(0, cut.frames.length));
          if (cut.frames.length < whole.frames.length) t.is(cut.end, 'cut');
          const mended = unwinder.unwind(space, {
            ...stop.sample,
            stack: stop.sample.stack.subarray(0, bytes),
            chain: stop.chain,
          });
          t.deepEqual(pcs(mended), pcs(whole).slice(0, mended.frames.length));
          t.true(mended.frames.length >= cut.frames.length);
        }),
        {numRuns: 100},
      );
    }
  },
);
