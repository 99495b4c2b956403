import {counted, sizeText} from '../../model/amounts.ts';
import type {RecordingWriter} from '../../recording/writer.ts';
import {say} from '../../shell/output.ts';
import {safe} from '../../text/safe.ts';
import {OpenRecording, recordingFailed} from '../record/file.ts';
import {ListingSize, Recorder} from '../record/recorder.ts';
import {percentText} from '../record/text.ts';
import type {IfThere} from '../../shell/file.ts';
import type {Sink, WatchEvent} from '../watch/events.ts';

/** What `run --record` was asked to do. */
export interface RunRecording {
  readonly file: string;
  readonly ifThere: IfThere;
  /** ms between two samples. */
  readonly interval: number;
  /** Of memmap. */
  readonly version: string;
}

/**
 * Records a run besides its report. Its events must be passed through `withoutGate`: a recording begins with the
 * command's own first moment. Nothing waits for its writes, and a failure is reported at the end.
 */
export class RunRecorder implements Sink {
  readonly listing = new ListingSize();
  readonly #setting: RunRecording;
  readonly #file: OpenRecording;
  #writer: RecordingWriter | undefined;
  #recorder: Recorder | undefined;
  #told: Promise<void> = Promise.resolve();
  #failure: unknown;

  /** @throws Trouble `output` before anything is started */
  constructor(setting: RunRecording) {
    this.#setting = setting;
    this.#file = OpenRecording.open(setting.file, setting.ifThere);
  }

  tell(event: WatchEvent): void {
    if (event.event === 'start') {
      this.#writer = this.#file.begin(event.snapshot, this.#setting.interval, this.#setting.version);
      this.#recorder = new Recorder(this.#writer, this.listing);
    }
    if (this.#recorder)
      this.#told = this.#recorder.tell(event).catch((error: unknown) => void (this.#failure ??= error));
  }

  /**
   * Waits until everything is written, and says so.
   *
   * @throws Trouble `output` if something could not be written; until now the run was not disturbed by that
   */
  async finish(): Promise<void> {
    await this.#told;
    await this.#file.close();
    const {path, size} = this.#file;
    if (this.#failure !== undefined) throw recordingFailed(path, this.#failure, this.#writer?.moments ?? 0);
    if (!this.#writer)
      return say(`memmap: nothing was recorded to ${safe(path)}: the command ended before the first sample.`);
    const {moments, listings} = this.#writer;
    const share = `${percentText(size, listings)} of the listings that it represents`;
    say(`memmap: recorded to ${safe(path)}: ${counted(moments, 'moment')}, ${sizeText(size)}, ${share}.`);
  }

  /** The command could not be started: there is nothing to record. */
  discard(): Promise<void> {
    return this.#file.close();
  }
}
