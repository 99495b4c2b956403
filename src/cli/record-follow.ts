import {poll, type PollOptions} from '../procfs/poll.ts';
import type {Look, Session} from '../procfs/session.ts';
import type {RecordingWriter} from '../record/writer.ts';

/** Why a recording ended; `quit`: as wished by a key. */
export type RecordEnd = 'exit' | 'count' | 'for' | 'quit' | NodeJS.Signals;

export interface RecordOptions extends PollOptions {
  /** Names for the marks, in the order in which they come; after these they are mark1, mark2, … */
  readonly names: readonly string[];
  /** Asked when the polling was stopped: by which signal? */
  readonly stoppedBy: () => NodeJS.Signals | undefined;
}

/** The bytes of the listing of the last look: put it into a session's `onListing`. */
export class ListingSize {
  last = 0;
  readonly onListing = (bytes: Buffer): void => void (this.last = bytes.length);
}

/** Follows a process, and writes down what it sees, until the process ends or a limit is reached. */
export class RecordFollower {
  marks = 0;
  readonly #session: Session;
  readonly #writer: RecordingWriter;
  readonly #listing: ListingSize;
  readonly #options: RecordOptions;

  constructor(session: Session, listing: ListingSize, writer: RecordingWriter, options: RecordOptions) {
    this.#session = session;
    this.#listing = listing;
    this.#writer = writer;
    this.#options = options;
  }

  /**
   * @param onLook is told after each look
   * @throws the system's error, if something could not be written
   */
  async follow(onLook: () => void): Promise<RecordEnd> {
    const begin = performance.now();
    await this.#record({saw: 'process', snapshot: this.#session.snapshot});
    onLook();
    const looks = poll(this.#session, this.#options);
    let next = await looks.next();
    for (; !next.done; next = await looks.next()) {
      await this.#record(next.value);
      onLook();
    }
    await this.#writer.written;
    const reason = next.value === 'stopped' ? (this.#options.stoppedBy() ?? 'quit') : next.value;
    const {cost} = this.#session;
    await this.#writer.end(reason, {...cost, duty: cost.ms / Math.max(1, performance.now() - begin)});
    return reason;
  }

  /** Looks at once, so that the mark has a moment of its own, and writes it down. */
  readonly mark = (): void => {
    const name = this.#options.names[this.marks] ?? `mark${this.marks + 1 - this.#options.names.length}`;
    const look = this.#session.look();
    if (look.saw === 'exit') return; // The next look will say so.
    this.marks++;
    this.#record(look).catch(() => {}); // Who waits for the next write is told.
    this.#writer.mark(name).catch(() => {});
  };

  #record(look: Look): Promise<void> {
    if (look.saw === 'exit') return this.#writer.exit(look.state);
    const {snapshot} = look;
    const status = this.#session.status() ?? snapshot.status;
    if (look.saw === 'exec') return this.#writer.exec(snapshot, status, this.#listing.last);
    return this.#writer.look(snapshot, status, this.#listing.last);
  }
}
