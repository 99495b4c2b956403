import test from 'ava';
import fc from 'fast-check';
import {classify} from '../../src/classify/classify.ts';
import type {Clues} from '../../src/model/clues/clues.ts';
import {KINDS} from '../../src/model/kind.ts';
import {regionJSON, type Region} from '../../src/model/region.ts';
import {Regions} from '../../src/model/columns/regions.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {parse} from '../../src/parse/parse.ts';
import {conforms} from '../helpers/schema.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;

const NAMES = [
  '',
  '',
  '',
  '',
  '[heap]',
  '[stack]',
  '[vdso]',
  '[anon:x]',
  '[anon:Go: heap]',
  '/usr/bin/node',
  '/usr/lib/chromium',
  '/usr/lib/libjvm.so',
  '/usr/lib/libc.so.6',
  '/x/classes.jsa',
  '/tmp/a (deleted)',
  '/SYSV00000001 (deleted)',
  '/memfd:m (deleted)',
  '/dev/dri/card0',
  'anon_inode:[x]',
  '__proto__',
];

interface Draft {
  readonly gap: number;
  readonly pages: number;
  readonly perms: string;
  readonly name: string;
  readonly flags: readonly string[] | undefined;
  readonly offset: number;
}

const draft: fc.Arbitrary<Draft> = fc.record({
  gap: fc.constantFrom(0, 0, 0, 1, 2, 512, 16_384),
  pages: fc.constantFrom(1, 2, 4, 33, 256, 252, 2048, 16_384 - 33, 16_384, 262_144),
  perms: fc.constantFrom('rw-p', 'rw-p', '---p', '---p', 'r--p', 'r-xp', 'rwxp', 'rw-s', 'r--s', '????'),
  name: fc.constantFrom(...NAMES),
  flags: fc.option(fc.subarray(['rd', 'wr', 'mr', 'nr', 'dc', 'ac', 'gd', 'ht', 'wf', 'io', 'pf']), {nil: undefined}),
  offset: fc.integer({min: 0, max: 8}),
});

const bases = fc.constantFrom(0x400000, 0x687400000, 0xc000000000, 0x37b000000000, 0x7f0000000000);

function build(base: number, drafts: readonly Draft[]): Region[] {
  let at = base;
  return drafts.map(({gap, pages, perms, name, flags, offset}) => {
    const start = at + gap * PAGE;
    at = start + pages * PAGE;
    const isFile = /^[^[]/.test(name);
    return {
      start,
      end: at,
      perms,
      offset: isFile ? offset * PAGE : 0,
      dev: isFile ? 'fd:00' : '00:00',
      inode: isFile ? '7' : '0',
      name,
      nameBase64: undefined,
      kind: 'anon',
      label: undefined,
      evidence: undefined,
      confidence: undefined,
      usage: undefined,
      flags,
      attributes: undefined,
    };
  });
}

const segment = fc.record({
  offset: fc.integer({min: 0, max: 8 * PAGE}),
  address: fc.integer({min: 0, max: 32 * PAGE}),
  fileSize: fc.integer({min: 0, max: 8 * PAGE}),
  memorySize: fc.integer({min: 0, max: 32 * PAGE}),
  flags: fc.integer({min: 0, max: 7}),
});

const clues: fc.Arbitrary<Clues> = fc.record(
  {
    pageSize: fc.constantFrom(4096, 65_536),
    threads: fc.array(
      fc.record(
        {
          tid: fc.integer({min: 1, max: 99}),
          name: fc.string({maxLength: 5}),
          stackPointer: fc.integer({min: 0, max: 200 * MIB}).map((into) => 0x7f0000000000 + into),
        },
        {requiredKeys: ['tid', 'name']},
      ),
      {maxLength: 5},
    ),
    files: fc
      .dictionary(
        fc.constantFrom('/usr/bin/node', '/usr/lib/libc.so.6', 'toString'),
        fc.record(
          {
            segments: fc.array(segment, {maxLength: 4}),
            relro: fc.record({start: fc.integer({min: 0, max: 9 * PAGE}), end: fc.integer({min: 0, max: 9 * PAGE})}),
          },
          {requiredKeys: ['segments']},
        ),
        {noNullPrototype: true},
      )
      .map((files) => Object.fromEntries(Object.entries(files).filter(([name]) => name !== 'toString'))),
    deleted: fc.constant({'/tmp/a (deleted)': true}),
    limits: fc.constantFrom({}, {stack: null}, {stack: 8 * MIB, data: null}),
    maxMapCount: fc.constant(65_530),
  },
  {requiredKeys: []},
);

/** The same regions, classified. */
function classified(regions: readonly Region[], known?: Clues, earlier?: readonly Region[]): readonly Region[] {
  const columns = Regions.of(regions);
  classify(columns, known, earlier && Regions.of(earlier));
  return columns.toArray();
}

const without = (region: Region) => ({...regionJSON(region), kind: 0, label: 0, evidence: 0, confidence: 0});

test('whatever the regions and the clues: each region has a kind of the set and a reason, and is else as it was', (t) => {
  fc.assert(
    fc.property(bases, fc.array(draft, {maxLength: 40}), clues, (base, drafts, known) => {
      const before = classified(build(base, drafts));
      const kept = JSON.stringify(before);
      const after = classified(before, known);
      t.is(JSON.stringify(before), kept, 'regions that others hold stay');
      t.deepEqual(after.map(without), before.map(without));
      for (const {kind, evidence, label, confidence} of after) {
        t.true(KINDS.includes(kind) && evidence !== undefined && evidence !== '' && label !== '');
        t.true(confidence === undefined || confidence === 'guess');
      }
      const again = classified(after, known);
      t.deepEqual(again, after, 'a second time says the same');
      t.true(again.every((region, index) => region === after[index]));
    }),
    {numRuns: 300},
  );
});

test('a look without flags that is shown the flags of an earlier one gives the same kinds', (t) => {
  fc.assert(
    fc.property(bases, fc.array(draft, {maxLength: 40}), clues, (base, drafts, known) => {
      const flagged = classified(build(base, drafts), known);
      const bare = classified(
        build(base, drafts).map((region) => ({...region, flags: undefined})),
        known,
        flagged,
      );
      t.deepEqual(
        bare.map(({kind, label}) => [kind, label]),
        flagged.map(({kind, label}) => [kind, label]),
      );
    }),
    {numRuns: 300},
  );
});

test('what is said of regions, and why, comes back from a saved snapshot', (t) => {
  fc.assert(
    fc.property(bases, fc.array(draft, {maxLength: 20}), clues, (base, drafts, known) => {
      const regions = classified(build(base, drafts), known);
      const snapshot = new Snapshot({source: {from: 'process', format: 'maps'}, regions, clues: known});
      const text = JSON.stringify(snapshot);
      conforms(t, 'snapshot', JSON.parse(text));
      const back = parse(text);
      t.deepEqual(back.regions, snapshot.regions);
      t.deepEqual(back.clues, snapshot.clues);
      t.is(JSON.stringify(back.withSource(snapshot.source)), text);
      // A snapshot of an older version has no reasons: they are found anew, with its clues.
      const old = JSON.parse(text) as {regions: Array<Record<string, unknown>>};
      for (const region of old.regions) delete region['evidence'];
      t.deepEqual(parse(JSON.stringify(old)).regions, snapshot.regions);
    }),
    {numRuns: 200},
  );
});
