import type {RecordingWriter} from '../../recording/writer.ts';
import {bookDocuments, causeDocuments, causeEndJSON} from '../cause/json.ts';
import type {Sink, WatchEvent} from '../watch/events.ts';

/** The size in bytes of the latest sample's listing. Pass its `onListing` to the session. */
export class ListingSize {
  last = 0;
  readonly onListing = (bytes: Buffer): void => void (this.last = bytes.length);
}

/** Writes events to a recording. They need not be compared: the file stores differences anyway. */
export class Recorder implements Sink {
  readonly #writer: RecordingWriter;
  readonly #listing: ListingSize;

  constructor(writer: RecordingWriter, listing: ListingSize) {
    this.#writer = writer;
    this.#listing = listing;
  }

  /**
   * Passes the event to the writer before this returns, so the order is kept. It is written once the promise resolves.
   *
   * @throws (later) the system's error, if it could not be written
   */
  async tell(event: WatchEvent): Promise<void> {
    const told = this.#tell(event);
    if (event.event !== 'end') this.#beside(event);
    await told;
  }

  #beside({cause}: WatchEvent): void {
    this.#writer.beside([...causeDocuments(cause), ...bookDocuments(cause, this.#writer.looks)]);
  }

  async #tell(event: WatchEvent): Promise<void> {
    const writer = this.#writer;
    switch (event.event) {
      case 'start':
      case 'look':
      case 'change':
        return writer.look(event.snapshot, event.status, this.#listing.last, event.family);
      case 'exec':
        return writer.exec(event.snapshot, event.status, this.#listing.last, event.family);
      case 'mark':
        return writer.mark(event.name);
      case 'exit':
        return writer.exit(event.state);
      case 'end':
        this.#beside(event);
        await writer.written;
        return writer.end(event.reason, event.cost, causeEndJSON(event.cause?.end));
    }
  }
}
