import type {RecordingWriter} from '../../recording/writer.ts';
import type {Sink, WatchEvent} from '../watch/events.ts';

/** The bytes of the listing of the last look: put it into a session's `onListing`. */
export class ListingSize {
  last = 0;
  readonly onListing = (bytes: Buffer): void => void (this.last = bytes.length);
}

/** Writes events down. It asks for no comparing: the file has what differs anyway. */
export class Recorder implements Sink {
  readonly #writer: RecordingWriter;
  readonly #listing: ListingSize;

  constructor(writer: RecordingWriter, listing: ListingSize) {
    this.#writer = writer;
    this.#listing = listing;
  }

  /**
   * It is handed to the writer before this returns, in order; and it is written once the promise is fulfilled.
   *
   * @throws (later) the system's error, if it could not be
   */
  async tell(event: WatchEvent): Promise<void> {
    const writer = this.#writer;
    switch (event.event) {
      case 'start':
      case 'look':
      case 'change':
        return writer.look(event.snapshot, event.status, this.#listing.last);
      case 'exec':
        return writer.exec(event.snapshot, event.status, this.#listing.last);
      case 'mark':
        return writer.mark(event.name);
      case 'exit':
        return writer.exit(event.state);
      case 'end':
        await writer.written;
        return writer.end(event.reason, event.cost);
    }
  }
}
