import type {RecordingWriter} from '../../recording/writer.ts';
import type {HeapWatch} from '../heap/watch.ts';
import type {Sink, WatchEvent} from '../watch/events.ts';

/** Notes malloc's books beside what a recorder writes: now and then after a sample, and before the end. */
export class BooksNotes implements Sink {
  readonly #recorder: Sink;
  readonly #writer: RecordingWriter;
  readonly #heap: HeapWatch;
  #isOver = false;

  constructor(recorder: Sink, writer: RecordingWriter, heap: HeapWatch) {
    this.#recorder = recorder;
    this.#writer = writer;
    this.#heap = heap;
  }

  /** @throws what the recorder throws; Trouble `denied` at the first sample */
  async tell(event: WatchEvent): Promise<void> {
    if (event.event === 'exit') this.#isOver = true;
    if (event.event === 'end') await this.#note(true);
    await this.#recorder.tell(event);
    if (event.event !== 'end' && event.event !== 'mark') await this.#note(false);
  }

  async #note(isLast: boolean): Promise<void> {
    const reading = this.#isOver ? undefined : this.#heap.look(isLast);
    if (reading) await this.#writer.books(reading);
  }
}
