import {changeJSON, type Change} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {TargetEnd} from './gate.ts';
import {renderRun, type RunSeen} from './text.ts';
import type {RunReporter} from './follow.ts';
import type {ReportOutput} from '../../shell/file.ts';
import type {WatchCost} from '../watch/watch.ts';

/** The events of `watch --json`, one a line, as they happen. The first snapshot is the gate's. */
export function jsonReport(output: ReportOutput): RunReporter {
  const event = (name: string, rest: object): void =>
    output.write(`${JSON.stringify({event: name, at: new Date().toISOString(), ...rest})}\n`);
  return {
    start: (snapshot) => event('start', snapshot.toJSON()),
    exec: (tick, snapshot) => event('exec', {tick, ...snapshot.toJSON()}),
    look: () => {},
    change: (tick, changes, delta) => event('change', {tick, changes: changes.map(changeJSON), delta}),
    exit: (tick, end) => event('exit', {tick, state: 'gone', ...end}),
    end: (ticks, cost, notes) => event('end', {ticks, reason: 'exit', cost, ...(notes.length > 0 && {notes})}),
  };
}

/** Counts and keeps what a report needs, and says nothing before the end: the terminal is the target's. */
export class TextReport implements RunReporter {
  readonly #command: readonly string[];
  readonly #images: string[] = [];
  #first: Snapshot | undefined;
  #last: Snapshot | undefined;
  #largest: Snapshot | undefined;
  #withUsage: Snapshot | undefined;
  #lastLook = 0;
  #beforeEnd = 0;
  #looks = 0;
  #peak = 0;
  #most = 0;
  #came = 0;
  #went = 0;
  #end: TargetEnd = {};
  #ms = 0;
  #cost = {ms: 0, duty: 0, usageReads: 0};
  #notes: readonly string[] = [];

  constructor(command: readonly string[]) {
    this.#command = command;
  }

  start(snapshot: Snapshot, isGate: boolean): void {
    if (isGate) return;
    this.exec(0, snapshot);
    this.look(snapshot, snapshot.status);
  }

  /** Another program: nothing of the one before it counts for what comes. */
  exec(_tick: number, snapshot: Snapshot): void {
    this.#images.push(snapshot.process.exe ?? snapshot.process.comm ?? '');
    this.#first = snapshot;
    this.#withUsage = undefined;
    this.#came = this.#went = this.#most = 0;
  }

  look(snapshot: Snapshot, status: Snapshot['status'] | undefined): void {
    if (!this.#first) return; // The gate still.
    this.#looks++;
    this.#lastLook = performance.now();
    this.#last = snapshot;
    this.#peak = Math.max(this.#peak, Number(status?.['vmHwm'] ?? 0));
    // Most programs free their memory before they end, so the last look says little: what it had at its largest does.
    const amount = snapshot.totals.size + Number(status?.['vmRss'] ?? 0);
    if (amount > this.#most) [this.#most, this.#largest] = [amount, snapshot];
    const rss = snapshot.totals['rss'];
    if (rss !== undefined && rss >= (this.#withUsage?.totals['rss'] ?? 0)) this.#withUsage = snapshot;
  }

  change(_tick: number, changes: readonly Change[]): void {
    this.#came += changes.filter(({kind}) => kind === 'new').length;
    this.#went += changes.filter(({kind}) => kind === 'gone').length;
  }

  exit(_tick: number, end: TargetEnd, ms: number): void {
    this.#end = end;
    this.#ms = ms;
    this.#beforeEnd = performance.now() - this.#lastLook;
  }

  end(_ticks: number, cost: WatchCost, notes: readonly string[]): void {
    this.#cost = cost;
    this.#notes = notes;
  }

  /** The report, once all has ended. */
  render(width: number | undefined): string {
    const facts = {
      command: this.#command,
      end: this.#end,
      ms: this.#ms,
      seen: this.#seen(),
      cost: this.#cost,
      notes: this.#notes,
    };
    return renderRun(facts, {width});
  }

  #seen(): RunSeen | undefined {
    if (!this.#first || !this.#last || !this.#largest) return undefined;
    return {
      first: this.#first,
      last: this.#last,
      largest: this.#largest,
      withUsage: this.#withUsage,
      beforeEnd: this.#beforeEnd,
      looks: this.#looks,
      peak: this.#peak,
      came: this.#came,
      went: this.#went,
      images: this.#images,
    };
  }
}
