import type {Snapshot} from '../../model/snapshot.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import {percentText} from '../record/text.ts';
import {safe} from '../../text/safe.ts';
import type {RecordingWriter} from '../../recording/writer.ts';
import {say} from '../../shell/output.ts';
import {OpenRecording, recordingFailed} from '../record/file.ts';
import {ListingSize} from '../record/recorder.ts';
import type {RunReporter} from './follow.ts';
import type {WatchCost} from '../watch/watch.ts';

/** What `run --record` was asked for. */
export interface RunRecording {
  readonly file: string;
  /** ms between two looks. */
  readonly interval: number;
  /** Of memmap. */
  readonly version: string;
}

/** Records a run beside its report. It begins with the command's own first moment, the gate left out. */
export class RunRecorder implements RunReporter {
  readonly listing = new ListingSize();
  readonly #setting: RunRecording;
  readonly #file: OpenRecording;
  #writer: RecordingWriter | undefined;
  #isExec = false;
  #failure: unknown;

  /** @throws Trouble `output` before anything was started */
  constructor(setting: RunRecording) {
    this.#setting = setting;
    this.#file = OpenRecording.open(setting.file, 'refuse');
  }

  start(snapshot: Snapshot, isGate: boolean): void {
    if (!isGate) this.look(snapshot, snapshot.status);
  }

  exec(): void {
    this.#isExec = true;
  }

  look(snapshot: Snapshot, status: Snapshot['status'] | undefined): void {
    const {interval, version} = this.#setting;
    const isFirst = this.#writer === undefined;
    const writer = (this.#writer ??= this.#file.begin(snapshot, interval, version));
    const now = status?.['vmRss'] === undefined ? snapshot.status : status;
    this.#keep(
      this.#isExec && !isFirst
        ? writer.exec(snapshot, now, this.listing.last)
        : writer.look(snapshot, now, this.listing.last),
    );
    this.#isExec = false;
  }

  change(): void {}

  exit(): void {
    this.#keep(this.#writer?.exit('gone'));
  }

  end(_ticks: number, cost: WatchCost): void {
    this.#keep(this.#writer?.end('exit', cost));
  }

  /**
   * All is written; says so.
   *
   * @throws Trouble `output` if something could not be; until now nobody was disturbed by that
   */
  async finish(): Promise<void> {
    await this.#writer?.written.catch(() => {});
    await this.#last;
    await this.#file.close();
    const writer = this.#writer;
    if (this.#failure !== undefined) throw recordingFailed(this.#file.path, this.#failure, writer?.moments ?? 0);
    if (!writer)
      return say(
        `memmap: nothing was recorded to ${safe(this.#file.path)}: the command ended before the first look at it.`,
      );
    const {size} = this.#file;
    say(
      `memmap: recorded to ${safe(this.#file.path)}: ${counted(writer.moments, 'moment')}, ${sizeText(size)}, ${percentText(size, writer.listings)} of the listings that it stands for.`,
    );
  }

  /** The command could not be started: there is nothing to record. */
  discard(): Promise<void> {
    return this.#file.close();
  }

  #last: Promise<void> = Promise.resolve();

  #keep(written: Promise<void> | undefined): void {
    if (written) this.#last = written.catch((error: unknown) => void (this.#failure ??= error));
  }
}

/** Tells two reporters. */
export const both = (a: RunReporter, b: RunReporter): RunReporter => ({
  start(...told) {
    a.start(...told);
    b.start(...told);
  },
  exec(...told) {
    a.exec(...told);
    b.exec(...told);
  },
  look(...told) {
    a.look(...told);
    b.look(...told);
  },
  change(...told) {
    a.change(...told);
    b.change(...told);
  },
  exit(...told) {
    a.exit(...told);
    b.exit(...told);
  },
  end(...told) {
    a.end(...told);
    b.end(...told);
  },
});
