import {Trouble} from '../../model/trouble.ts';
import type {PollOptions} from '../../procfs/sampling/poll.ts';
import type {KinWatch} from '../../procfs/kin/kin.ts';
import type {Session} from '../../procfs/sampling/session.ts';
import type {RecordingWriter} from '../../recording/writer.ts';
import {say} from '../../shell/output.ts';
import {interruption} from '../../shell/signals.ts';
import type {CauseTrace} from '../cause/cause.ts';
import {withCauses} from '../cause/follow.ts';
import {tee, tellAll, type Sink} from '../watch/events.ts';
import {compared, Timeline, watchLooks} from '../watch/watch.ts';
import type {HeapWatch} from '../heap/watch.ts';
import {Between} from './between.ts';
import {BooksNotes} from './books.ts';
import {recordingFailed, type OpenRecording} from './file.ts';
import {recordKeys} from './keys.ts';
import {Recorder, type ListingSize} from './recorder.ts';
import {type RingRecording, RingSaver} from './ring.ts';
import {recordProgress, type RecordProgress, type RecordSummary} from './text.ts';
import type {Triggers} from './triggers.ts';

/** What a recording needs besides the session. */
export interface RecordSetting extends Omit<PollOptions, 'signal'> {
  /** Names for the marks, in order of time; further marks are named mark1, mark2, … */
  readonly names: readonly string[];
  /** Records the process's family too. */
  readonly kin?: KinWatch | undefined;
  /** Notes malloc's books. */
  readonly heap?: HeapWatch | undefined;
  /** Watches its memory calls. */
  readonly trace?: CauseTrace | undefined;
  readonly listing: ListingSize;
  readonly file: Pick<OpenRecording, 'path' | 'size' | 'looksBefore'>;
  /** Where only the last minutes are kept: the same as `file`, and when to save it. */
  readonly ring?: {readonly ring: RingRecording; readonly triggers: Triggers} | undefined;
}

/**
 * Records a process until it ends, a limit is reached, or the user stops it. SIGUSR1 and the key `m` make marks.
 *
 * @throws Trouble `output` if writing fails; the file has what was seen until then
 */
export async function recordProcess(
  session: Session,
  writer: RecordingWriter,
  setting: RecordSetting,
): Promise<RecordSummary> {
  const {file, listing, names, heap} = setting;
  const interrupted = interruption();
  const timeline = new Timeline(session, setting.kin);
  const recorder = new Recorder(writer, listing);
  const begin = performance.now();
  const between = new Between();
  let marks = 0;
  /** What went wrong while a signal was handled. */
  let failed: unknown;
  /** Of the latest sample: a snapshot of maps alone has an older one. */
  let {status} = session.snapshot;
  const follow: Sink = {tell: (event) => void ('status' in event && (status = event.status))};

  /** Takes a sample at once, with smaps, so that the mark has a moment of its own. */
  const note = (name: string): void => {
    try {
      const look = session.look(true);
      if (look.saw === 'exit') return; // The next sample will report it.
      marks++;
      line.clear(); // A message may follow.
      const marked = [timeline.look(look), timeline.mark(name)];
      // Whose the changes are is found out before they are written.
      if (setting.trace) return between.add(marked);
      // If a write fails, whoever awaits the next one gets the error.
      for (const event of marked) recorder.tell(event).catch(() => {});
    } catch {
      // The process can no longer be read: the next sample reports why.
    }
  };
  const mark = (): void => note(names[marks] ?? `mark${marks + 1 - names.length}`);
  const markLast = (name: string): void => void recorder.tell(timeline.mark(name)).catch(() => {});
  const saver = setting.ring && new RingSaver({...setting.ring, writer, note, mark: markLast});
  const onSignal = (): void => {
    try {
      if (saver && setting.ring?.triggers.has('signal')) saver.onSignal();
      else mark();
    } catch (error) {
      failed = error;
      interrupted.end();
    }
  };
  process.on('SIGUSR1', onSignal);
  const keys = recordKeys(mark, interrupted);
  const line = new ProgressLine(progress, keys !== undefined);
  const does = setting.ring?.triggers.has('signal') ? 'save what is kept' : 'make a mark';
  const how = keys ? 'm makes a mark, q ends' : `To ${does}: kill -USR1 ${process.pid}. Ctrl-C ends`;
  if (process.stderr.isTTY) say(`Recording to ${file.path}. ${how}.`);
  try {
    const options = {...setting, signal: interrupted.signal, stoppedBy: interrupted.received};
    const events = watchLooks(session, options, timeline);
    const caused = setting.trace ? withCauses(compared(between.among(events)), setting.trace) : events;
    const writes = heap ? new BooksNotes(recorder, writer, heap) : recorder;
    const sinks = saver ? [saver.before, writes, saver.after] : [writes];
    const end = await tellAll(caused, tee(...sinks, follow, line));
    const {reason, cost, familyCost, cause} = end!;
    if (failed !== undefined) throw failed;
    line.clear();
    saver?.end(reason);
    const saved = setting.ring?.ring.saved;
    const books = heap && {readings: heap.readings, unused: heap.unused};
    return {...progress(), reason, listings: writer.listings, cost, familyCost, books, cause, saved};
  } catch (error) {
    const ring = setting.ring?.ring;
    throw ring ? ring.failed(error, writer.moments) : recordingFailed(file.path, error, writer.moments);
  } finally {
    line.clear();
    keys?.close();
    process.off('SIGUSR1', onSignal);
    interrupted.dispose();
  }

  function progress(): RecordProgress {
    const {vmRss: rss} = status;
    return {
      file: file.path,
      ms: performance.now() - begin,
      looks: writer.looks - file.looksBefore,
      moments: writer.moments,
      marks,
      size: file.size,
      rss: typeof rss === 'number' ? rss : undefined,
    };
  }
}

/** At least this many ms pass between two updates of the progress line. */
const PAUSE = 250;

/** One line on standard error that is overwritten again and again; nothing where that is not a terminal. */
class ProgressLine implements Sink {
  readonly #terminal = process.stderr;
  readonly #progress: () => RecordProgress;
  readonly #hasKeys: boolean;
  #drawn = -Infinity;
  #isThere = false;

  constructor(progress: () => RecordProgress, hasKeys: boolean) {
    this.#progress = progress;
    this.#hasKeys = hasKeys;
  }

  tell(): void {
    if (!this.#terminal.isTTY || performance.now() - this.#drawn < PAUSE) return;
    this.#drawn = performance.now();
    this.#isThere = true;
    const width = Math.max(1, (this.#terminal.columns || 80) - 1);
    this.#terminal.write(`\r${recordProgress(this.#progress(), this.#hasKeys, width)}\x1b[K`);
  }

  clear(): void {
    if (this.#isThere) this.#terminal.write('\r\x1b[K');
    this.#isThere = false;
  }
}

/** @throws Trouble `usage` for a name that FILE#name could not refer to */
export function checkedNames(names: readonly string[] = []): readonly string[] {
  const wrong = names.find((name) => /^\d*$|^(first|last)$|[#\p{Cc}]/u.test(name));
  if (wrong === undefined) return names;
  throw new Trouble({
    kind: 'usage',
    what: `"${wrong}" can't be the name of a mark.`,
    why: 'numbers, "first" and "last" already name moments.',
    next: 'For example: --mark before-load',
  });
}
