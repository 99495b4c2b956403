import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Call, TraceEvent, TraceOptions} from '../../src/trace/events.ts';
import {Trace} from '../../src/trace/trace.ts';
import {Child} from '../helpers/child.ts';
import {type Lack, unless} from '../helpers/tools.ts';

/** Compiles a C program for one test file. @returns its path */
export function compiled(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'memmap-trace-'));
  process.once('exit', () => rmSync(folder, {recursive: true, force: true}));
  const path = join(folder, 'program');
  execFileSync('gcc', ['-O1', '-w', '-o', path, source, '-lpthread']);
  return path;
}

/** Events, as they come, of a trace that ends with the test. */
export class Watched {
  readonly events: TraceEvent[] = [];
  readonly trace: Trace;

  private constructor(trace: Trace, events: TraceEvent[]) {
    this.trace = trace;
    this.events = events;
  }

  static async start(t: ExecutionContext, pid: number, options: Partial<TraceOptions> = {}): Promise<Watched> {
    const events: TraceEvent[] = [];
    const trace = await Trace.start(pid, {onEvent: (event) => events.push(event), ...options});
    t.teardown(() => trace.stop());
    return new Watched(trace, events);
  }

  calls(name?: string): Call[] {
    return this.events
      .filter((event) => event.kind === 'call')
      .filter((call) => name === undefined || call.name === name);
  }

  /** mmap calls of a number of pages. */
  mapsOf(pages: number): Call[] {
    return this.calls('mmap').filter(({args}) => args?.[1] === BigInt(pages * 4096));
  }
}

/** A program that says `ready` and then does what it is asked to. */
export async function acting(t: ExecutionContext, program: string, ...args: string[]): Promise<Child> {
  const child = new Child(t, program, args);
  await child.line();
  return child;
}

/** Tracepoints of system calls can be had here, by root. */
export async function perfLack(): Promise<Lack | undefined> {
  try {
    await (await Trace.start(process.pid, {onEvent: () => {}})).stop();
    return undefined;
  } catch (error) {
    return unless(false, `perf events can't be had here: ${(error as {why?: string}).why}`);
  }
}
