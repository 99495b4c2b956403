import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {growthOf} from '../../../src/features/growth/growth.ts';
import {heapGrowthOf, type HeapGrowth} from '../../../src/features/growth/heap.ts';
import {seriesOf} from '../../../src/features/growth/recorded.ts';
import type {BooksReading} from '../../../src/model/heap/books.ts';
import {snapshotAt, statusAt} from '../../recording/small.ts';
import {Child, python} from '../../helpers/child.ts';
import {memmap, type Ran} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';

const MIB = 2 ** 20;
const LEAST = 65_536;

/** Readings at each second of a minute; undefined: torn. */
const over = (of: (second: number) => {readonly inUse: number; readonly free: number} | undefined): BooksReading[] =>
  Array.from({length: 60}, (_, second): BooksReading => {
    const said = of(second);
    const t = second * 1000;
    if (!said) return {t, figures: undefined, why: 'it was torn'};
    const {inUse, free} = said;
    return {t, figures: {system: inUse + free, inUse, free, mmapped: 0, freeResident: free, trimmable: free}};
  });

/** A process that does nothing else. */
function judged(readings: readonly BooksReading[]): HeapGrowth {
  const series = seriesOf('rss');
  for (let second = 0; second < 60; second++)
    series.add({t: second * 1000, snapshot: snapshotAt(0, true), status: statusAt(0)});
  return heapGrowthOf(readings, growthOf(series, 'rss', LEAST), false);
}

for (const [what, verdict, sentence, of] of [
  [
    'a leak',
    'in use grows',
    /^Malloc's books \(60 readings\): in use grows by \+60\.0 MiB\/min/,
    (s: number) => ({inUse: s * MIB, free: MIB}),
  ],
  [
    'retention',
    'kept, not leaked',
    /: free grows, from 0 to 59 MiB: kept by malloc, not leaked\. In use: flat, 8 MiB/,
    (s: number) => ({inUse: 8 * MIB, free: s * MIB}),
  ],
  [
    'a peak that was freed',
    'kept, not leaked',
    /In use: shrinks, −90 MiB, 10 MiB at the end/,
    (s: number) => (s < 30 ? {inUse: 100 * MIB, free: 0} : {inUse: 10 * MIB, free: 90 * MIB}),
  ],
  [
    'a cache that filled up',
    'in use does not grow',
    /in use does not grow \(plateau, \+15 MiB/,
    (s: number) => ({inUse: Math.min(s, 15) * MIB, free: MIB}),
  ],
  [
    'nothing',
    'in use does not grow',
    /in use does not grow \(flat, 8 MiB at the end\); 4 MiB is free and kept\.$/,
    () => ({inUse: 8 * MIB, free: 4 * MIB}),
  ],
  [
    'a leak beside which much is kept',
    'in use grows',
    /in use grows/,
    (s: number) => ({inUse: s * MIB, free: 2 * s * MIB}),
  ],
] as const)
  test(`${what}: ${verdict}`, (t) => {
    const heap = judged(over(of));
    t.is(heap.verdict, verdict, heap.sentence);
    t.regex(heap.sentence, sentence);
    t.is(heap.used, 60);
  });

test('torn books are not used: where they are many, there is no verdict', (t) => {
  const leak = (s: number) => ({inUse: s * MIB, free: 0});
  const some = judged(over((s) => (s % 3 === 1 ? undefined : leak(s))));
  t.is(some.verdict, 'in use grows');
  t.is(some.used, 40);
  t.regex(some.sentence, /^Malloc's books \(60 readings, 20 of them not used: it was torn\): in use grows/);
  const all = judged(over(() => undefined));
  t.is(all.verdict, 'not enough data');
  t.regex(all.sentence, /do not say whether what is in use grows: none could be used\.$/);
  t.is(all.last, undefined);
  const late = judged(over((s) => (s > 30 ? undefined : leak(s))));
  t.is(late.verdict, 'not enough data', 'what came after is unknown');
});

async function launched(t: ExecutionContext, how: string): Promise<Child> {
  const program = join(folder(t), 'books');
  execFileSync('gcc', ['-O1', '-o', program, 'test/features/growth/books.c']);
  const child = new Child(t, program, [how]);
  await child.line();
  return child;
}

interface Document {
  readonly heap: {
    readonly verdict: string;
    readonly sentence: string;
    readonly inUse: {readonly slope?: {readonly perSecond: number}};
  };
}

/** The books are read four times a second: 20 readings, where 12 are needed for a verdict. */
const SECONDS = 5;

const heapOf = ({stdout}: Ran): Document['heap'] => (JSON.parse(stdout) as Document).heap;

/** What it leaks, by its own clock: 64 blocks and small chunks a second. */
const isTheLeak = ({inUse: {slope}}: Document['heap']): boolean =>
  Math.abs((slope?.perSecond ?? 0) - 64 * (16_400 + 48)) < 2 ** 18;

for (const [how, verdict, sentence] of [
  ['leak', 'in use grows', /in use grows by \+\d+(\.\d+)? MiB\/min/],
  ['keep', 'kept, not leaked', /: kept by malloc, not leaked\./],
] as const)
  testIf('gcc', X64)(`a program that is said to ${how}: ${verdict}; live, recorded and in a report`, async (t) => {
    const child = await launched(t, how);
    const file = join(folder(t), 'heap.jsonl');
    const isSeen = (judgement: Ran): boolean => judgement.code === 0 && heapOf(judgement).verdict === verdict;
    // Both look at the same time: each has its own readings.
    const [live, ran] = await Promise.all([
      givenTime(
        SECONDS,
        (seconds) => memmap(['growth', String(child.pid), '--heap', '--for', `${seconds}s`, '--json']),
        // Where the program did not run for long, too little of its leak was seen.
        (judgement) => isSeen(judgement) && (how !== 'leak' || isTheLeak(heapOf(judgement))),
      ),
      givenTime(
        SECONDS,
        async (seconds) => {
          const record = ['record', String(child.pid), '--heap', '--force', '-o', file, '--json'];
          const recorded = await memmap([...record, '--for', `${seconds}s`, '--interval', '100ms']);
          t.is(recorded.code, 0, recorded.stderr);
          conforms(t, 'recorded', JSON.parse(recorded.stdout));
          return memmap(['growth', file, '--heap', '--json']);
        },
        isSeen,
      ),
    ]);
    conforms(t, 'growth', JSON.parse(live.stdout));
    t.is(live.code, 0, live.stderr);
    t.is(heapOf(live).verdict, verdict, heapOf(live).sentence);
    t.regex(heapOf(live).sentence, sentence);
    if (how === 'leak') t.true(isTheLeak(heapOf(live)), JSON.stringify(heapOf(live)));
    t.is(ran.code, 0, ran.stderr);
    t.is(heapOf(ran).verdict, verdict, heapOf(ran).sentence);
    for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) conforms(t, 'recording', JSON.parse(line));
    const report = await memmap(['report', file, '--json']);
    const document = JSON.parse(report.stdout) as {summary: string[]; heap: Document['heap']};
    conforms(t, 'report', document);
    t.deepEqual(document.heap, heapOf(ran));
    t.true(document.summary.includes(heapOf(ran).sentence));
    const text = await memmap(['growth', file]);
    t.regex(text.stdout, /^malloc: in use +\d/m);
  });

testIf('python3')('no books: what was asked for ends with 5, and what was not recorded is refused', async (t) => {
  const child = await python(t);
  const few = await memmap(['growth', String(child.pid), '--heap', '--for', '300ms']);
  t.is(few.code, 5, few.stderr);
  t.regex(few.stdout, /^Malloc's books \(\d+ readings?\) do not say/m);
  const file = join(folder(t), 'plain.jsonl');
  await memmap(['record', String(child.pid), '-o', file, '--for', '300ms']);
  const refused = await memmap(['growth', file, '--heap']);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /it was recorded without malloc's books/);
});
