import {KinPeaks} from '../../model/kin/peaks.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {CauseNews} from '../cause/news.ts';
import type {EndEvent, ExecEvent, ExitEvent, Sink, StartEvent, WatchEvent} from '../watch/events.ts';
import {peakOf} from './peak.ts';
import {renderRun, type RunSeen} from './text.ts';

type SeenEvent = Extract<WatchEvent, {readonly snapshot: Snapshot}>;

/**
 * Counts and keeps what a report needs, and prints nothing before the end: the terminal belongs to the target. The gate
 * is not part of the report: events must be passed through `withoutGate`.
 */
export class TextReport implements Sink {
  readonly #command: readonly string[];
  readonly #images: string[] = [];
  #first: Snapshot | undefined;
  #last: SeenEvent | undefined;
  #largest: Snapshot | undefined;
  /** Who mapped what the largest has. */
  #held: ReturnType<NonNullable<CauseNews['held']>> | undefined;
  #withUsage: Snapshot | undefined;
  #looks = 0;
  #peak = 0;
  #most = 0;
  #came = 0;
  #went = 0;
  readonly #family = new KinPeaks();
  #exit: ExitEvent | undefined;
  #end: EndEvent | undefined;

  constructor(command: readonly string[]) {
    this.#command = command;
  }

  tell(event: WatchEvent): void {
    if (event.event === 'exit') this.#exit = event;
    if (event.event === 'end') this.#end = event;
    if (event.event === 'start' || event.event === 'exec') this.#begin(event);
    if (event.event === 'change') {
      this.#came += event.changes.filter(({kind}) => kind === 'new').length;
      this.#went += event.changes.filter(({kind}) => kind === 'gone').length;
    }
    if ('snapshot' in event) this.#look(event);
  }

  /** Another program: nothing of the one before it counts any more. */
  #begin({snapshot}: StartEvent | ExecEvent): void {
    this.#images.push(snapshot.process.exe ?? snapshot.process.comm ?? '');
    this.#first = snapshot;
    this.#withUsage = undefined;
    this.#came = this.#went = this.#most = 0;
  }

  #look(event: SeenEvent): void {
    const {snapshot, status, family} = event;
    if (family) this.#family.add(family);
    this.#looks++;
    this.#last = event;
    this.#peak = Math.max(this.#peak, Number(status['vmHwm'] ?? 0));
    // Most programs free their memory before they end, so the largest sample says more than the last one.
    // What its own smaps says, where there is one: status is read a moment later.
    const amount = snapshot.totals.size + (snapshot.totals['rss'] ?? Number(status['vmRss'] ?? 0));
    if (amount > this.#most) {
      [this.#most, this.#largest] = [amount, snapshot];
      this.#held = event.cause?.held?.();
    }
    const rss = snapshot.totals['rss'];
    if (rss !== undefined && rss >= (this.#withUsage?.totals['rss'] ?? 0)) this.#withUsage = snapshot;
  }

  /** The report, once the run has ended. */
  render(width: number | undefined): string {
    const [exit, end] = [this.#exit!, this.#end!];
    const {cost, notes = []} = end;
    const peak = peakOf(exit, this.#peak);
    return renderRun(
      {command: this.#command, end: exit, ms: exit.t, peak, seen: this.#seen(exit), cost, notes, cause: end.cause},
      {width},
    );
  }

  #seen({t}: ExitEvent): RunSeen | undefined {
    if (!this.#first || !this.#last || !this.#largest) return undefined;
    return {
      first: this.#first,
      last: this.#last.snapshot,
      largest: this.#largest,
      held: this.#held,
      withUsage: this.#withUsage,
      beforeEnd: t - this.#last.t,
      looks: this.#looks,
      came: this.#came,
      went: this.#went,
      images: this.#images,
      family: this.#family,
    };
  }
}
