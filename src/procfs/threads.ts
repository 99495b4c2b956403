import {readdirSync} from 'node:fs';
import type {Clues, Thread} from '../model/clues.ts';
import {decode, latin1} from '../parse/scan.ts';
import {parseStackPointer} from '../parse/proc/syscall.ts';
import type {ProcessHandle} from './handle.ts';
import {readProc} from './open.ts';

/** More aren't asked: two small files each, some 20 µs. */
export const MOST_THREADS = 1000;

/**
 * The threads with their names, and the stack pointers of those that wait. Asking for one needs the right to trace the
 * process (ptrace(2), PTRACE_MODE_ATTACH); without it the names are left.
 *
 * @param known from an earlier look: a thread keeps its stack, so one that runs now is looked for where it was
 * @param onlyNew ask only the threads whose stack pointer isn't known
 */
export function readThreads(
  handle: ProcessHandle,
  known: readonly Thread[] = [],
  onlyNew = false,
): Pick<Clues, 'threads'> {
  const before = new Map(known.map((thread) => [thread.tid, thread]));
  const threads: Thread[] = [];
  for (const tid of list(handle).slice(0, MOST_THREADS)) {
    const then = before.get(tid);
    if (onlyNew && then?.stackPointer !== undefined) {
      threads.push(then);
      continue;
    }
    const name = read(handle.path(`task/${tid}/comm`));
    if (!name) continue; // It ended since.
    const syscall = read(handle.path(`task/${tid}/syscall`));
    const stackPointer = (syscall && parseStackPointer(syscall)) ?? then?.stackPointer;
    const {text} = decode(latin1(name, 0, name.length).replace(/\n$/, ''));
    threads.push(stackPointer === undefined ? {tid, name: text} : {tid, name: text, stackPointer});
  }
  return threads.length > 0 ? {threads} : {};
}

function list(handle: ProcessHandle): number[] {
  try {
    return readdirSync(handle.path('task')).map(Number);
  } catch {
    return [];
  }
}

function read(path: string): Buffer | undefined {
  try {
    return readProc(path);
  } catch {
    return undefined;
  }
}
