import type {Checker} from './checker.ts';
import type {CheckReport} from './result.ts';
import {Target, type Command, type TargetEnd} from '../run/gate.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {refusalTrouble} from '../run/command.ts';
import {follow, type FollowOptions, type RunReporter} from '../run/follow.ts';
import {leaveSignalsTo} from '../run/run.ts';
import type {WatchCost} from '../watch/watch.ts';

interface CheckedCommand {
  readonly report: CheckReport;
  readonly end: TargetEnd;
}

/**
 * Runs a command to its end, as `memmap run` does, and holds each look at it against the rules.
 *
 * @throws Trouble if it could not be started
 */
export async function checkCommand(
  command: Command,
  checker: Checker,
  options: Omit<FollowOptions, 'withoutAslr'>,
): Promise<CheckedCommand> {
  const target = await Target.start(command);
  if (!(target instanceof Target)) throw refusalTrouble(target, command);
  const restoreSignals = leaveSignalsTo(target);
  const reporter = new CheckReporter(checker);
  const end = await follow(target, {...options, withoutAslr: false}, reporter).finally(() => {
    restoreSignals();
    target.letGo();
  });
  if (target.refusal) throw refusalTrouble(target.refusal, command);
  const {ms, beforeEnd, notes} = reporter;
  const {interval} = options;
  const {looks} = checker;
  return {
    end,
    report: {command: command.argv, end, looks, ms, interval, beforeEnd, results: checker.results(true), notes},
  };
}

class CheckReporter implements RunReporter {
  ms = 0;
  beforeEnd: number | undefined;
  notes: string[] = [];
  readonly #checker: Checker;
  /** When the command's own program began; until then it is the gate that is looked at. */
  #begin: number | undefined;
  #lastLook = 0;
  #programs = 0;

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  start(snapshot: Snapshot, isGate: boolean): void {
    if (isGate) return;
    this.exec();
    this.look(snapshot, snapshot.status);
  }

  exec(): void {
    this.#begin ??= performance.now();
    if (this.#programs++ > 0) this.#checker.restart();
  }

  look(snapshot: Snapshot, status: Snapshot['status'] | undefined): void {
    if (this.#begin === undefined) return;
    this.#lastLook = performance.now();
    this.#checker.add({t: this.#lastLook - this.#begin, snapshot, status});
  }

  change(): void {}

  exit(_tick: number, _end: TargetEnd, ms: number): void {
    this.ms = ms;
    if (this.#checker.looks > 0) this.beforeEnd = performance.now() - this.#lastLook;
  }

  end(_ticks: number, _cost: WatchCost, notes: readonly string[]): void {
    this.notes.push(...notes);
    if (this.#programs > 1)
      this.notes.push(
        `It became ${this.#programs} programs, one after the other: peaks are of all, growth of the last one.`,
      );
  }
}
