import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {KinWatch} from '../../../src/procfs/kin/kin.ts';
import {folder} from '../../helpers/listings.ts';

/** A /proc of files, in which processes are forked and end as in the kernel: the children of one that ends go to 1. */
class FalseProc {
  readonly root: string;
  readonly #parents = new Map<number, number>();
  readonly #starts = new Map<number, number>();
  /** Who descends from whom, by PID and start time, whatever became of the parents. */
  readonly #family = new Set<string>();
  #clock = 100;

  constructor(root: string) {
    this.root = root;
    mkdirSync(join(root, 'self/task', String(process.pid)), {recursive: true});
    writeFileSync(join(root, 'self/task', String(process.pid), 'children'), '');
    this.#start(1, 0);
    this.#start(10, 1);
    this.#family.add(this.#key(10));
  }

  get living(): number[] {
    return [...this.#parents.keys()].filter((pid) => pid !== 1);
  }

  /** The descendants of process 10 that are there, and itself. */
  get family(): string[] {
    return this.living.map((pid) => this.#key(pid)).filter((key) => this.#family.has(key));
  }

  fork(parent: number, pid: number): void {
    if (!this.#parents.has(parent) || this.#parents.has(pid)) return;
    const isFamily = this.#family.has(this.#key(parent));
    this.#start(pid, parent);
    if (isFamily) this.#family.add(this.#key(pid));
  }

  end(pid: number): void {
    if (pid === 1 || pid === 10 || !this.#parents.has(pid)) return;
    const parent = this.#parents.get(pid)!;
    this.#parents.delete(pid);
    rmSync(join(this.root, String(pid)), {recursive: true});
    for (const [child, its] of this.#parents) if (its === pid) this.#write(child, 1);
    this.#list(parent);
    this.#list(1);
  }

  #key(pid: number): string {
    return `${pid}.${this.#starts.get(pid)}`;
  }

  #start(pid: number, parent: number): void {
    this.#starts.set(pid, this.#clock++);
    mkdirSync(join(this.root, `${pid}/task/${pid}`), {recursive: true});
    this.#write(pid, parent);
    this.#list(pid);
    this.#list(parent);
  }

  #write(pid: number, parent: number): void {
    this.#parents.set(pid, parent);
    const fields = Array.from({length: 50}, (_, index) => ({1: parent, 17: 1, 19: this.#starts.get(pid)})[index] ?? 0);
    writeFileSync(join(this.root, `${pid}/stat`), `${pid} (p) S ${fields.slice(1).join(' ')}\n`);
    writeFileSync(join(this.root, `${pid}/status`), `Name:\tp\nVmSize:\t${pid} kB\nVmRSS:\t${pid} kB\nThreads:\t1\n`);
  }

  #list(pid: number): void {
    if (!this.#parents.has(pid)) return;
    const children = [...this.#parents].filter(([, parent]) => parent === pid).map(([child]) => child);
    writeFileSync(join(this.root, `${pid}/task/${pid}/children`), children.map((child) => `${child} `).join(''));
  }
}

const STEP = fc.record({
  act: fc.constantFrom('fork', 'fork', 'end'),
  parent: fc.constantFrom(1, 10, 11, 12, 13, 14, 15),
  pid: fc.integer({min: 11, max: 17}),
  looks: fc.boolean(),
});

test('a family: whoever descends from its first process, however often PIDs are used again', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(STEP, {maxLength: 25}), fc.boolean(), (steps, always) => {
        const root = folder(t);
        const proc = new FalseProc(root);
        const watch = new KinWatch(10, {root, maxDuty: 0});
        const seen = (): string[] =>
          watch.look(0, undefined, true)!.members.map(({pid, startTime}) => `${pid}.${startTime}`);
        let members = seen();
        let wasSeen = true;
        for (const {act, parent, pid, looks} of steps) {
          if (act === 'fork') proc.fork(parent, pid);
          else proc.end(pid);
          if (!looks && !always) {
            wasSeen = false;
            continue;
          }
          members = seen();
          const {family} = proc;
          if (members.some((key) => !family.includes(key)))
            throw new Error(`${members.join()} are not all of ${family.join()}`);
          if (wasSeen && family.some((key) => !members.includes(key)))
            throw new Error(`${family.join()}, not only ${members.join()}`);
        }
      }),
      {numRuns: 60},
    ),
  );
});
