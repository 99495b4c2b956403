import test from 'ava';
import {Ledger} from '../../../../src/features/cause/ledger/ledger.ts';
import type {CauseCall, CauseNews} from '../../../../src/features/cause/news.ts';
import {causeDocuments} from '../../../../src/features/cause/json.ts';
import {readMapper, type SavedMapper} from '../../../../src/features/cause/recorded/saved.ts';

const PAGE = 4096;
const BASE = 0x10000000;
const at = (page: number): number => BASE + page * PAGE;

/** Calls as a recording has them. */
class Recorded {
  readonly #ledger = new Ledger<CauseCall>({page: PAGE});
  readonly #calls: CauseCall[] = [];

  enter(name: string, args: readonly number[], result: number, {tid, time}: {tid: number; time: number}): CauseCall {
    const words = args.map((arg) => BigInt.asUintN(64, BigInt(arg)));
    const made: CauseCall = {id: time, name, args: words, result, tid, time, stack: undefined, inferred: false};
    const done = this.#ledger.call({name, args: words, result, tid, time}, made);
    if (done) this.#calls.push({...made, done});
    return made;
  }

  report(start: number, end: number, {tid, time}: {tid: number; time: number}): void {
    this.#ledger.report({start, end, tid, time, file: '/SYSV00000000 (deleted)', flags: 1});
  }

  /** The name and thread of who mapped a page. */
  mapper(page: number): unknown {
    const timeOf = (ns: number): string => new Date(ns).toISOString();
    const news = {stacks: [], calls: this.#calls, timeOf, frames: 'all'} as unknown as CauseNews;
    const lines = causeDocuments(news).map((line) => Buffer.from(JSON.stringify(line)));
    const found = readMapper(lines, {address: at(page), until: '2038', name: 'it'});
    return typeof found === 'object' ? pick(found) : found;
  }
}

const pick = ({name, tid}: SavedMapper): unknown => [name, tid];

test('what took the place of released memory is its own, though the release was told later', (t) => {
  const recorded = new Recorded();
  recorded.enter('mmap', [0, 4 * PAGE, 3, 0x22, -1, 0], at(10), {tid: 1, time: 1000});
  recorded.enter('mmap', [0, 2 * PAGE, 3, 0x22, -1, 0], at(11), {tid: 2, time: 2000});
  recorded.enter('munmap', [at(10), 4 * PAGE], 0, {tid: 1, time: 2010});
  t.deepEqual(
    [10, 11, 12, 13].map((page) => recorded.mapper(page)),
    ['nobody', ['mmap', 2], ['mmap', 2], 'nobody'],
  );
});

test('what was mapped over a part of a segment remains when that is detached', (t) => {
  const recorded = new Recorded();
  recorded.report(at(4), at(8), {tid: 1, time: 900});
  recorded.enter('shmat', [5, 0, 0], at(4), {tid: 1, time: 1000});
  recorded.enter('mmap', [at(5), PAGE, 3, 0x32, -1, 0], at(5), {tid: 1, time: 2000});
  recorded.enter('shmdt', [at(4)], 0, {tid: 1, time: 3000});
  t.deepEqual(
    [4, 5, 6].map((page) => recorded.mapper(page)),
    ['nobody', ['mmap', 1], 'nobody'],
  );
});

test('memory that mremap moves over holes leaves there what was there', (t) => {
  const recorded = new Recorded();
  recorded.enter('mmap', [at(0), PAGE, 3, 0x32, -1, 0], at(0), {tid: 1, time: 1000});
  recorded.enter('mmap', [at(2), PAGE, 3, 0x32, -1, 0], at(2), {tid: 1, time: 1001});
  recorded.enter('mmap', [at(10), 3 * PAGE, 3, 0x32, -1, 0], at(10), {tid: 2, time: 1002});
  recorded.enter('mremap', [at(0), 3 * PAGE, 3 * PAGE, 3, at(10)], at(10), {tid: 1, time: 2000});
  t.deepEqual(
    [10, 11, 12].map((page) => recorded.mapper(page)),
    [
      ['mremap', 1],
      ['mmap', 2],
      ['mremap', 1],
    ],
  );
});
