import {Trouble} from '../../model/trouble.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import {sentenceOf} from '../heap/sentence.ts';
import {heapIn, USUAL_RATE} from '../heap/target.ts';
import type {ObservedBooks} from './lesson.ts';

/** The books of a helper. @returns why they can't be read here, where that is so */
export function booksOf(pid: number, root = '/proc'): ObservedBooks | string {
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    const heap = heapIn(handle, {maxRate: USUAL_RATE});
    const sentence = sentenceOf(heap);
    if (!heap.isWhole) return `malloc's books could not be read. ${sentence}`;
    return {free: heap.totals.free, trimmable: heap.totals.trimmable, sentence};
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return `malloc's books could not be read: ${error.why}`;
  } finally {
    handle?.close();
  }
}
