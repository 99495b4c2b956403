import {readdirSync, readFileSync} from 'node:fs';
import fc from 'fast-check';
import test from 'ava';
import {lookUp, WORDS} from '../../../src/features/explain/glossary.ts';
import {GROUPS} from '../../../src/features/explain/word.ts';
import {FLAG_CODES, flagMeaning} from '../../../src/features/explain/words/flags.ts';
import {CHANGE_KINDS} from '../../../src/model/change.ts';
import {KINDS} from '../../../src/model/kind.ts';
import {parse} from '../../../src/parse/parse.ts';
import {parseStatus} from '../../../src/parse/proc/status.ts';

/** What the kernels have ever printed: fs/proc/task_mmu.c from 3.8 to 6.19, and what the tutorial of formats lists. */
const EVER =
  'rd wr ex sh mr mw me ms gd pf dw lo io sr rr dc de lf ac nr ht sf nl ar wf dd bt sd mm hg nh mg um uw mt ui ss dp sl gu mp ??';

const unknown = (words: Iterable<string>): string[] => [...words].filter((word) => lookUp(word).length === 0);

test('each word says what it is, in which unit, and where to read on', (t) => {
  t.true(WORDS.length > 200);
  for (const {names, group, unit, meaning, source, traps} of WORDS) {
    t.true(names.length > 0 && names.every((name) => name !== ''), meaning);
    t.true(group in GROUPS && unit !== '' && source !== '', names[0]);
    t.regex(meaning, /^\S[^\n]+[.?]$/, names[0]);
    if (traps !== undefined) t.regex(traps, /^\S[^\n]+\.$/, names[0]);
  }
});

test('each related word is a word', (t) => {
  t.deepEqual(unknown(new Set(WORDS.flatMap(({related = []}) => related))), []);
});

test('no two words of a group have the same first name', (t) => {
  const names = WORDS.map(({group, names: [name]}) => `${group} ${name}`);
  t.is(new Set(names).size, names.length);
});

test('all kinds of region and of change, and all codes that kernels printed, are words', (t) => {
  t.deepEqual(unknown([...KINDS, ...CHANGE_KINDS, ...EVER.split(' ')]), []);
  t.deepEqual([...FLAG_CODES].sort(), EVER.split(' ').sort());
});

test("every key of this kernel's smaps, smaps_rollup, and the memory keys of its status are words, as printed and as JSON keys", (t) => {
  for (const file of ['smaps', 'smaps_rollup']) {
    const text = readFileSync(`/proc/self/${file}`, 'latin1');
    const keys = new Set([...text.matchAll(/^([A-Z]\w+):/gm)].map(([, key]) => key!));
    t.true(keys.size >= 15);
    t.deepEqual(unknown(keys), []);
    t.deepEqual(unknown(parse(text).regions.flatMap(({usage = {}}) => Object.keys(usage))), []);
  }
  const status = readFileSync('/proc/self/status');
  const kept = Object.keys(parseStatus(status));
  t.true(kept.includes('vmRss') && kept.length > 20);
  t.deepEqual(unknown(kept), []);
  t.deepEqual(unknown([...status.toString('latin1').matchAll(/^(\w+):.* kB$/gm)].map(([, key]) => key!)), []);
});

test('every code in VmFlags of every process here is known', (t) => {
  const codes = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/smaps`, 'latin1');
      for (const [, list] of text.matchAll(/^VmFlags: (.*)$/gm)) for (const code of list!.split(' ')) codes.add(code);
    } catch {
      // Processes end, and some may not be read.
    }
  }
  codes.delete('');
  t.true(codes.size > 8);
  t.deepEqual(
    [...codes].filter((code) => flagMeaning(code) === undefined),
    [],
  );
});

test('every name in brackets in maps of every process here is a word', (t) => {
  const names = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const [name] of readFileSync(`/proc/${pid}/maps`, 'latin1').matchAll(/\[[^\]\n]+\]$/gm)) names.add(name);
    } catch {
      // Processes end, and some may not be read.
    }
  }
  t.true(names.has('[stack]'));
  t.deepEqual(unknown(names), []);
});

/** What is asked → the groups of what is found, in order. */
const ASKED: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['Private_Dirty', ['counter']],
  ['privateDirty', ['counter']],
  ['private dirty', ['counter']],
  ['PRIVATE-DIRTY', ['counter']],
  ['pss', ['counter']],
  ['nr', ['flag']],
  ['VmData', ['status']],
  ['text', ['kind', 'stat']],
  ['[heap]', ['name']],
  ['heap', ['kind']],
  ['[anon:libc_malloc]', ['name']],
  ['[stack:4242]', ['name']],
  ['/memfd:doublemapper (deleted)', ['name', 'name']],
  ['/SYSV00000000 (deleted)', ['name', 'name']],
  ['/tmp/x (deleted)', ['name']],
  ['rw-p', ['maps']],
  ['---p', ['maps']],
  ['r-xs', ['maps']],
  ['anon_inode:[perf_event]', ['name']],
  ['touched', ['change']],
  ['RLIMIT_DATA', ['limit']],
  ['max_map_count', ['limit']],
  ['copy-on-write', ['idea']],
  ['soft-dirty', ['page']],
  ['zz', []],
  ['', []],
  ['nonsense', []],
];

for (const [asked, groups] of ASKED) {
  test(`"${asked}" is ${groups.join(' and ') || 'no word'}`, (t) => {
    t.deepEqual(
      lookUp(asked).map(({group}) => group),
      groups,
    );
  });
}

test('resident means the counter and the field of statm, and the code of its exact spelling comes first', (t) => {
  t.deepEqual(new Set(lookUp('resident').map(({group}) => group)), new Set(['counter', 'stat']));
  t.is(lookUp('Size')[0]?.group, 'counter');
  t.is(lookUp('size')[0]?.group, 'stat');
});

test('no text makes looking up fail', (t) => {
  fc.assert(fc.property(fc.string({unit: 'binary'}), (text) => Array.isArray(lookUp(text))));
  t.pass();
});
