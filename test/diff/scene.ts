import {closeSync, mkdtempSync, openSync, rmSync, truncateSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {diff, type Diff} from '../../src/diff/diff.ts';
import type {Change} from '../../src/model/change.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {capture} from '../../src/procfs/capture.ts';
import {Caller} from './caller.ts';
import {testIf, type Lack} from '../helpers/tools.ts';
import {PAGE, shortForm, sumOf} from './tools.ts';

/** Pages, at 64 GiB, where nothing else lies: `at(0x10)` is the address of a page. */
const BASE = 0x1000000;
export const at = (page: number): number => (BASE + page) * PAGE;
export const bytes = (pages: number): number => pages * PAGE;

export const [READ, WRITE, READ_WRITE, NONE] = [1, 2, 3, 0];
/** MAP_PRIVATE, MAP_SHARED, MAP_FIXED, MAP_ANONYMOUS. */
export const [PRIVATE, SHARED, FIXED, ANONYMOUS] = [2, 1, 0x10, 0x20];
/** What is known of a process, and what one call did to it. */
class Scene {
  readonly t: ExecutionContext;
  readonly caller: Caller;
  readonly file: string;

  constructor(t: ExecutionContext, caller: Caller, file: string) {
    this.t = t;
    this.caller = caller;
    this.file = file;
  }

  call(name: string, ...args: readonly number[]): Promise<number> {
    return this.caller.call(name, ...args);
  }

  /** Anonymous memory, or the file's from page `offset` on. */
  map(page: number, pages: number, perms = READ_WRITE, offset?: number, flags = PRIVATE): Promise<number> {
    const backing = offset === undefined ? [ANONYMOUS | flags | FIXED, -1, 0] : [flags | FIXED, 3, bytes(offset)];
    return this.call('mmap', at(page), bytes(pages), perms, ...backing);
  }

  protect = (page: number, pages: number, perms: number) => this.call('mprotect', at(page), bytes(pages), perms);
  unmap = (page: number, pages: number) => this.call('munmap', at(page), bytes(pages));
  advise = (page: number, pages: number, advice: number) => this.call('madvise', at(page), bytes(pages), advice);
  touch = (page: number, pages: number) => this.call('memset', at(page), 1, bytes(pages));

  /** The process as it is now. */
  snapshot = (): Snapshot => capture(this.caller.pid, {usage: true});

  /** Does something, and compares what was before with what is after. */
  async diff(what: () => unknown): Promise<Diff> {
    const before = this.snapshot();
    await what();
    return diff(before, this.snapshot());
  }

  /** Does something, and expects exactly these changes in our own pages: kind, range, shape, pages more. */
  async expect(what: () => unknown, ...changes: readonly string[]): Promise<Diff> {
    const result = await this.diff(what);
    const {before, after} = result;
    this.t.is(result.match, 'address');
    this.t.deepEqual(result.changes.filter(isOurs).map(ours), changes);
    // Whatever python did meanwhile, the sums are right.
    this.t.is(sumOf(result.changes.map(({delta}) => delta.size)), after.totals.size - before.totals.size);
    for (const key of ['rss', 'anonymous', 'swap', 'privateDirty']) {
      const told = sumOf(result.changes.map(({delta}) => delta[key]!)) + (result.drift[key] ?? 0);
      this.t.is(told, after.totals[key]! - before.totals[key]!, key);
    }
    return result;
  }
}

/** Is a change about our own pages? Python may touch its heap between two looks. */
export const isOurs = ({range}: Change): boolean => at(0) <= range.start && range.end <= at(0x10000);

const ours = (change: Change): string =>
  shortForm({...change, range: down(change.range), from: change.from && down(change.from)});
const down = ({start, end}: Change['range']) => ({start: start - at(0), end: end - at(0)});

/** A test with a process of its own and a file of 64 pages, open as descriptor 3. */
export function scene(title: string, play: (scene: Scene) => Promise<void>, lack?: Lack): void {
  testIf('python3', lack)(title, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'memmap-diff-'));
    const file = path.join(folder, 'file');
    const descriptor = openSync(file, 'w+');
    truncateSync(file, bytes(64));
    const caller = new Caller(descriptor);
    try {
      for (let warm = 0; warm < 3; warm++) await caller.call('getpid');
      t.is(await caller.call('getpid'), caller.pid);
      await play(new Scene(t, caller, file));
    } finally {
      caller.end();
      closeSync(descriptor);
      rmSync(folder, {recursive: true, force: true});
    }
  });
}
