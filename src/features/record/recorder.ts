import {poll, type PollOptions} from '../../procfs/poll.ts';
import type {Look, Session} from '../../procfs/session.ts';
import type {RecordingWriter} from '../../recording/writer.ts';
import {recordProgress, type RecordProgress, type RecordSummary} from './text.ts';
import {say} from '../../shell/output.ts';
import {recordingFailed, type OpenRecording} from './file.ts';
import {interruption, type Interruption} from '../../shell/signals.ts';
import {isInForeground} from '../../terminal/keyboard.ts';
import {Trouble} from '../../model/trouble.ts';

/** Why a recording ended; `quit`: as wished by a key. */
type RecordEnd = 'exit' | 'count' | 'for' | 'quit' | NodeJS.Signals;

interface RecordOptions extends PollOptions {
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
class RecordFollower {
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

/** What a recording needs beside the session. */
interface RecordSetting extends Omit<RecordOptions, 'signal' | 'stoppedBy'> {
  readonly listing: ListingSize;
  readonly file: OpenRecording;
}

/**
 * Records a process until it ends, a limit is reached, or somebody wishes it. SIGUSR1 and the key `m` make marks.
 *
 * @throws Trouble `output` if it can't be written any longer; the file has what was seen until then
 */
export async function recordProcess(
  session: Session,
  writer: RecordingWriter,
  setting: RecordSetting,
): Promise<RecordSummary> {
  const {file, listing} = setting;
  const interrupted = interruption();
  const options = {...setting, signal: interrupted.signal, stoppedBy: interrupted.received};
  const follower = new RecordFollower(session, listing, writer, options);
  const line = new ProgressLine();
  const begin = performance.now();
  const mark = (): void => {
    try {
      follower.mark();
    } catch {
      // The process can't be read any more: the next look says why.
    }
  };
  process.on('SIGUSR1', mark);
  const keys = recordKeys(mark, interrupted);
  if (process.stderr.isTTY)
    say(
      `Recording to ${file.path}. ${keys ? 'm makes a mark, q ends' : `A mark: kill -USR1 ${process.pid}. Ctrl-C ends`}.`,
    );
  try {
    const reason = await follower.follow(() => line.show(progress(), keys !== undefined));
    const cost = {...session.cost, duty: session.cost.ms / Math.max(1, performance.now() - begin)};
    return {...progress(), reason, listings: writer.listings, cost};
  } catch (error) {
    throw recordingFailed(file.path, error, writer.moments);
  } finally {
    line.clear();
    keys?.close();
    process.off('SIGUSR1', mark);
    interrupted.dispose();
  }

  function progress(): Omit<RecordSummary, 'reason' | 'listings' | 'cost'> {
    const rss = session.snapshot.totals['rss'] ?? session.snapshot.status['vmRss'];
    return {
      file: file.path,
      ms: performance.now() - begin,
      looks: writer.looks - file.looksBefore,
      moments: writer.moments,
      marks: follower.marks,
      size: file.size,
      rss: typeof rss === 'number' ? rss : undefined,
    };
  }
}

/** Keys while a recording goes on: `m` makes a mark, `q` ends. Ctrl-C and Ctrl-Z are what they always are. */
interface RecordKeys {
  close(): void;
}

/** @returns undefined where no keys can be had: no terminal, or one that listens to another job */
function recordKeys(onMark: () => void, interruption: Interruption): RecordKeys | undefined {
  const terminal = process.stdin;
  if (!terminal.isTTY || !isInForeground()) return undefined;
  const open = (): void => void terminal.setRawMode(true);
  const onContinue = (): void => {
    if (isInForeground()) open();
  };
  const onData = (data: Buffer): void => {
    for (const key of data.toString('latin1')) {
      if (key === 'm') onMark();
      else if (key === 'q') interruption.end();
      else if (key === '\x03') interruption.end('SIGINT');
      else if (key === '\x1a') stop();
    }
  };
  const stop = (): void => {
    terminal.setRawMode(false);
    process.kill(process.pid, 'SIGTSTP');
  };
  open();
  terminal.on('data', onData);
  terminal.on('error', close);
  process.on('SIGCONT', onContinue);
  return {close};

  function close(): void {
    process.off('SIGCONT', onContinue);
    terminal.off('data', onData);
    terminal.setRawMode(false);
    terminal.pause();
  }
}

/** Between two drawings, in ms. */
const PAUSE = 250;

/** One line on a terminal's standard error, written over again and again; nothing where that is no terminal. */
class ProgressLine {
  readonly #terminal = process.stderr;
  #drawn = -Infinity;
  #isThere = false;

  show(progress: RecordProgress, hasKeys: boolean): void {
    if (!this.#terminal.isTTY || performance.now() - this.#drawn < PAUSE) return;
    this.#drawn = performance.now();
    this.#isThere = true;
    const width = Math.max(1, (this.#terminal.columns || 80) - 1);
    this.#terminal.write(`\r${recordProgress(progress, hasKeys, width)}\x1b[K`);
  }

  clear(): void {
    if (this.#isThere) this.#terminal.write('\r\x1b[K');
    this.#isThere = false;
  }
}

/** @throws Trouble `usage` for a name that FILE#name could not ask for */
export function checkedNames(names: readonly string[] = []): readonly string[] {
  const wrong = names.find((name) => /^\d*$|^(first|last)$|[#\p{Cc}]/u.test(name));
  if (wrong === undefined) return names;
  throw new Trouble({
    kind: 'usage',
    what: `"${wrong}" can't be the name of a mark.`,
    why: 'numbers, first and last stand for moments themselves.',
    next: 'For example: --mark before-load',
  });
}
