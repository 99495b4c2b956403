import test from 'ava';
import fc from 'fast-check';
import {resultSentence} from '../../../src/features/check/text.ts';
import {Checker} from '../../../src/features/check/checker.ts';
import {LINTS, type ProcessRule} from '../../../src/features/check/rules.ts';
import {parseRule, rulesOf} from '../../../src/features/check/read-rules.ts';
import {KINDS} from '../../../src/model/kind.ts';
import type {Snapshot} from '../../../src/model/snapshot.ts';
import {Trouble} from '../../../src/model/trouble.ts';
import {parse} from '../../../src/parse/parse.ts';
import {files} from '../../helpers/listings.ts';

const none = {max: undefined, 'max-regions': undefined, no: undefined, 'no-growth': undefined, rules: undefined};

test('a rule is read as a flag or as a line of a file, with the same words', (t) => {
  const [path] = files(
    t,
    '# budget\nmax heap=64M\n  max  rss = 200M # of all\n\nmax-regions 2000\nno rwx\nno-growth heap\n',
  );
  const fromFile = rulesOf({...none, rules: [path!]});
  const fromFlags = rulesOf({
    ...none,
    max: ['heap=64M', 'rss=200M'],
    'max-regions': '2000',
    no: ['rwx'],
    'no-growth': ['heap'],
  });
  t.deepEqual(fromFile, fromFlags);
  t.like(fromFlags[0], {is: 'max', subject: {of: 'heap', measure: 'size'}, limit: 64 * 2 ** 20});
  t.like(fromFlags[1], {is: 'max', subject: {of: 'total', measure: 'rss'}, limit: 200 * 2 ** 20});
  t.like(fromFlags[2], {is: 'max', subject: {of: 'total', measure: 'regions'}, limit: 2000});
  t.like(parseRule('max anon.privateDirty=1.5G'), {
    subject: {of: 'anon', measure: 'privateDirty'},
    limit: 1.5 * 2 ** 30,
  });
  t.like(parseRule('max thread-stack.regions=8'), {subject: {of: 'thread-stack', measure: 'regions'}, limit: 8});
});

test('a word that every object of JavaScript knows is not a rule', (t) => {
  for (const word of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
    for (const text of [`${word} x`, `max ${word}=1`, `no ${word}`, `no-growth ${word}`])
      t.throws(() => parseRule(text), {instanceOf: Trouble, message: /is not a rule/}, text);
  }
});

test('a limit that no number can hold is no limit', (t) => {
  for (const text of [`max-regions ${'9'.repeat(400)}`, `max heap=${'9'.repeat(400)}`, 'max heap=99999999999T'])
    t.throws(() => parseRule(text), {instanceOf: Trouble, message: /is not a rule/}, text);
});

test('each kind and each lint may be forbidden, each kind limited and kept from growing', (t) => {
  for (const kind of KINDS) {
    t.like(parseRule(`max ${kind}=1M`), {subject: {of: kind}});
    t.like(parseRule(`no-growth ${kind}`), {of: kind});
  }
  for (const lint of [...KINDS, ...Object.keys(LINTS)]) t.like(parseRule(`no ${lint}`), {is: 'no', lint});
});

test('what is not a rule is reported with what there is, and in a file with its line', (t) => {
  const why = (text: string): string => {
    const error = t.throws(() => parseRule(text), {instanceOf: Trouble});
    t.is(error.kind, 'usage');
    return error.why;
  };
  t.regex(why('max heep=64M'), /"heep" is neither a total \(size, rss, .*\) nor a kind \(text, .*heap, /);
  t.regex(why('max heap.weight=1'), /"weight" is not a measure of a kind/);
  t.regex(why('max heap.threads=1'), /"threads" is not a measure of a kind/);
  t.regex(why('max heap=lots'), /not a size/);
  t.regex(why('max regions=64M'), /is not a number of regions/);
  t.regex(why('max heap'), /a name, = and a number/);
  t.regex(why('no fun'), /one of rwx, exec-stack.*, or a kind: text, /);
  t.regex(why('no constructor'), /one of rwx/);
  t.regex(why('no-growth fun'), /rss, for the whole process, or a kind/);
  t.regex(why('maximum heap=1'), /a rule begins with max, max-regions, no, no-growth/);
  const [path] = files(t, 'no rwx\n\nno rwy\n');
  t.throws(() => rulesOf({...none, rules: [path!]}), {message: `${path}, line 3: "no rwy" is not a rule.`});
  t.throws(() => rulesOf({...none, rules: ['/no/such/file']}), {instanceOf: Trouble, message: /Cannot read the rules/});
  t.throws(() => rulesOf(none), {message: 'No rule was given.'});
});

const region = fc.record({
  pages: fc.integer({min: 1, max: 64}),
  perms: fc.constantFrom('rw-p', 'r-xp', 'rwxp', '---p', 'rw-s'),
  name: fc.constantFrom('', '[heap]', '/lib/a.so', '/lib/b.so (deleted)', '[stack]'),
});
const listing = fc.array(region, {minLength: 1, maxLength: 10}).map((regions) => {
  let at = 0x10000;
  const lines = regions.map(({pages, perms, name}) => {
    const start = at;
    at += pages * 4096;
    const inode = name.startsWith('/') ? '08:01 7' : '00:00 0';
    const text =
      `${start.toString(16).padStart(8, '0')}-${at.toString(16).padStart(8, '0')} ${perms} 00000000 ${inode} ` + name;
    at += 4096;
    return text;
  });
  return parse(`${lines.join('\n')}\n`);
});

const verdictOf = (rule: ProcessRule, snapshots: readonly Snapshot[]): string => {
  const checker = new Checker([rule], 65_536);
  for (const [index, snapshot] of snapshots.entries()) checker.add({t: index * 100, snapshot});
  return checker.results()[0]!.verdict;
};

test('a limit that holds at some size holds at each larger one, and the measured peak is the lowest that holds', (t) => {
  fc.assert(
    fc.property(
      fc.array(listing, {minLength: 1, maxLength: 5}),
      fc.constantFrom('size', 'anon', 'heap', 'text'),
      fc.nat(2 ** 20),
      fc.nat(2 ** 20),
      (snapshots, name, limit, more) => {
        const at = (bytes: number): string => verdictOf(parseRule(`max ${name}=${bytes}`), snapshots);
        if (at(limit) === 'ok') t.is(at(limit + more), 'ok');
        const checker = new Checker([parseRule(`max ${name}=0`)], 0);
        for (const snapshot of snapshots) checker.add({t: 0, snapshot});
        const peak = checker.results()[0]!.measured!;
        t.is(at(peak), 'ok');
        if (peak > 0) t.is(at(peak - 1), 'broken');
        const sums = snapshots.map(({regions}) =>
          regions
            .filter(({kind}) => name === 'size' || kind === name)
            .reduce((sum, {start, end}) => sum + end - start, 0),
        );
        t.is(peak, Math.max(...sums));
      },
    ),
    {numRuns: 100},
  );
});

test('what was broken at some look stays broken, whatever comes before or after it', (t) => {
  fc.assert(
    fc.property(
      listing,
      listing,
      fc.constantFrom('no rwx', 'no heap', 'no deleted-text', 'no exec-anon', 'max regions=3'),
      (a, b, text) => {
        const rule = parseRule(text);
        const isBroken = verdictOf(rule, [a]) === 'broken' || verdictOf(rule, [b]) === 'broken';
        t.is(verdictOf(rule, [a, b]) === 'broken', isBroken);
        t.is(verdictOf(rule, [b, a]) === 'broken', isBroken);
      },
    ),
    {numRuns: 100},
  );
});

test('lints say yes where the permissions do', (t) => {
  const maps = parse(
    [
      '00010000-00011000 rwxp 00000000 00:00 0',
      '00020000-00021000 r-xp 00000000 08:01 7 /lib/old.so (deleted)',
      '00030000-00031000 rwxp 00000000 00:00 0 [stack]',
      '00040000-00041000 r-xp 00000000 00:00 0 [vdso]',
      '',
    ].join('\n'),
  );
  const counts = ['rwx', 'deleted-text', 'exec-stack', 'exec-anon', 'vdso', 'heap'].map((lint) => {
    const checker = new Checker([parseRule(`no ${lint}`)], 0);
    checker.add({t: 0, snapshot: maps});
    return checker.results()[0]!.measured;
  });
  t.deepEqual(counts, [2, 1, 1, 2, 1, 0]);
});

test('what a listing does not say is not measured, and not ok', (t) => {
  const maps = parse('00010000-00011000 rw-p 00000000 00:00 0\n');
  for (const text of ['max rss=4095', 'max anon.rss=1K', 'max pss=0', 'max threads=1', 'no swap', 'no-growth rss'])
    t.is(verdictOf(parseRule(text), [maps]), 'not measured', text);
  t.is(verdictOf(parseRule('max heap=1G'), [maps]), 'ok');
  t.is(verdictOf(parseRule('max heap=1G'), []), 'not measured');
});

test('what is no larger than a limit as a whole can not have more than it resident, dirty or swapped', (t) => {
  const maps = parse('00010000-00011000 rw-p 00000000 00:00 0\n');
  for (const text of ['max rss=4096', 'max anon.privateDirty=4K', 'max heap.rss=0', 'max swap=1G']) {
    const checker = new Checker([parseRule(text)], 0);
    checker.add({t: 0, snapshot: maps});
    const [result] = checker.results();
    t.like(result, {verdict: 'ok', measured: undefined, isExact: false}, text);
    t.regex(resultSentence(result!), /ok, since it was not measured, but cannot be more than its address space, /);
  }
});
