import {spanText} from '../../model/amounts.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import type {Session} from '../../procfs/sampling/session.ts';
import {joinedFrom, packed, partsOf, removeParts, Ring} from '../../recording/ring.ts';
import {RecordingWriter} from '../../recording/writer.ts';
import {saveFile} from '../../shell/file.ts';
import {lock, type Lock} from '../../shell/lock.ts';
import {cannotWrite, say} from '../../shell/output.ts';
import {safe} from '../../text/safe.ts';
import type {Sink, WatchEvent} from '../watch/events.ts';
import {CLOCK, headerFor, isCompressed, savedName} from './file.ts';
import type {Triggers} from './triggers.ts';

/** A ring that was saved. */
export interface Saved {
  readonly file: string;
  /** ISO 8601. */
  readonly at: string;
  /** Why: a clause that begins with what made it, `psi: …`; it is the name of a mark in the file too. */
  readonly why: string;
  /** ms: from the first moment in the file to the last. */
  readonly ms: number;
  /** Bytes. */
  readonly size: number;
}

interface RingSetting {
  /** ms that are kept. */
  readonly keep: number;
  /** Bytes at most. */
  readonly most: number;
}

/** The last minutes of a process, kept in files beside a name, and saved as recordings when something happens. */
export class RingRecording {
  readonly path: string;
  readonly saved: Saved[] = [];
  /** It begins with this recorder. */
  readonly looksBefore = 0;
  readonly #setting: RingSetting;
  readonly #lock: Lock;
  #ring: Ring | undefined;
  #hasFailed = false;

  /**
   * What a recorder that was killed left behind is saved first.
   *
   * @param path what the files are named after
   * @throws Trouble `output`
   */
  constructor(path: string, setting: RingSetting) {
    this.path = path;
    this.#setting = setting;
    this.#lock = lock(path);
    try {
      rescue(path);
    } catch (error) {
      this.#lock.release();
      throw error instanceof Trouble ? error : cannotWrite(path, error);
    }
  }

  /** Begins, once the process is known. @param version of memmap */
  begin(session: Session, interval: number, version: string): RecordingWriter {
    const amounts = () => ({listings: writer.listings, cost: {...session.cost}});
    const ring = (this.#ring = new Ring(this.path, this.#setting, amounts));
    const writer: RecordingWriter = new RecordingWriter(ring, headerFor(session.snapshot, interval, version), CLOCK);
    return writer;
  }

  /** Bytes of the files that are kept. */
  get size(): number {
    return this.#ring?.size ?? 0;
  }

  /** Should this sample stand on its own? */
  isDue(event: WatchEvent): boolean {
    if (!('snapshot' in event)) return false;
    return this.#ring?.isDue(event.t, event.snapshot.source.format === 'smaps') === true;
  }

  /**
   * Saves what is kept as a recording of its own. What is kept continues.
   *
   * @param reason how the recording in it ends
   * @throws Trouble `output`; then what is kept stays on the disk
   */
  save(why: string, reason: string): void {
    const ring = this.#ring!;
    const file = savedName(this.path);
    const ms = ring.kept;
    try {
      const bytes = packed(ring.joined(reason), isCompressed(file));
      saveFile(file, bytes, 'refuse');
      this.saved.push({file, at: new Date().toISOString(), why, ms, size: bytes.length});
    } catch (error) {
      this.#hasFailed = true;
      throw error instanceof Trouble || errnoOf(error) === '' ? error : cannotWrite(file, error);
    }
    say(`memmap: the last ${spanText(ms)} saved to ${safe(file)} (${safe(why)}).`);
  }

  /**
   * What a failed write means: what was written before is left, in parts. @param moments the one that failed too;
   * @returns what to throw
   */
  failed(error: unknown, moments: number): unknown {
    if (error instanceof Trouble || errnoOf(error) === '') return error;
    const {message, why} = cannotWrite(this.path, error);
    const kept = this.size > 0 && moments > 1;
    return new Trouble({
      kind: 'output',
      what: message,
      why: `${why}${kept ? ` What was kept before is in ${this.path}.ring-N.` : ''}`,
      next: kept
        ? 'Make room: the next record --ring with this name saves it first. Or choose another place with -o.'
        : 'Choose another place with -o, or make room.',
    });
  }

  async close(): Promise<void> {
    try {
      await this.#ring?.close(this.#hasFailed);
    } finally {
      this.#lock.release();
    }
  }
}

function rescue(path: string): void {
  const parts = partsOf(path);
  if (parts.length === 0) return;
  const file = savedName(path);
  try {
    saveFile(file, packed(joinedFrom(parts), isCompressed(file)), 'refuse');
    say(`memmap: what an earlier recorder left behind is saved to ${safe(file)}.`);
  } catch (error) {
    // There is nothing in them.
    if (!(error instanceof Trouble) || error.kind !== 'input') throw error;
  }
  removeParts(parts);
}

/** What saving needs of the recorder. */
interface Recorded {
  readonly ring: RingRecording;
  readonly writer: RecordingWriter;
  readonly triggers: Triggers;
  /** Takes a sample at once, with a mark of this name. */
  readonly note: (name: string) => void;
  /** Makes a mark at the last sample. */
  readonly mark: (name: string) => void;
}

/** Saves the ring when something happens, and at the end. */
export class RingSaver {
  readonly #recorded: Recorded;
  #why: string | undefined;

  constructor(recorded: Recorded) {
    this.#recorded = recorded;
  }

  /** Is told what happens before the recorder is. */
  readonly before: Sink = {
    tell: (event: WatchEvent): void => {
      const {ring, writer, triggers, mark} = this.#recorded;
      if (ring.isDue(event)) writer.beginAnew();
      if (event.event !== 'exit') return;
      this.#why = triggers.check(performance.now(), true);
      if (this.#why !== undefined) mark(this.#why);
    },
  };

  /** Is told after it. */
  readonly after: Sink = {
    tell: (event: WatchEvent): void => {
      const isSample = 'snapshot' in event && event.event !== 'start';
      const why = isSample ? this.#recorded.triggers.check(performance.now()) : undefined;
      if (why !== undefined) this.#save(why);
    },
  };

  /** SIGUSR1 came. */
  readonly onSignal = (): void => this.#save('signal: SIGUSR1 came');

  /** The recording has ended: what is kept is saved once more. @param reason why it ended */
  end(reason: string): void {
    this.#recorded.ring.save(this.#why ?? `end: ${reason}`, reason);
  }

  #save(why: string): void {
    this.#recorded.note(why);
    this.#recorded.ring.save(why, 'dump');
  }
}
