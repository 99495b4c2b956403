import {counted} from '../../model/amounts.ts';
import {pageSizeOf} from '../../model/clues/clues.ts';
import type {Group} from '../../model/group/group.ts';
import {lstatSync, unlinkSync, type Stats} from 'node:fs';
import {hostname, release} from 'node:os';
import {basename} from 'node:path';
import {isSameProcess} from '../../model/same.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {GzipPacker, healTail, type Packer, PlainPacker, RecordingFile} from '../../recording/file.ts';
import {GroupRecordingWriter} from '../../recording/group.ts';
import type {RecordingHeader} from '../../recording/header.ts';
import {readRecording} from '../../recording/recording.ts';
import {RecordingWriter, type Before} from '../../recording/writer.ts';
import {saveFile, type IfThere} from '../../shell/file.ts';
import {cannotWrite, say} from '../../shell/output.ts';
import {lock, type Lock} from '../../shell/lock.ts';

/** What to do if the file already exists: refuse, continue it, or replace it. */
type IfExists = IfThere | 'append';

/** The file that a recording is written to. It is opened before anything is recorded. */
export class OpenRecording {
  readonly path: string;
  readonly #file: RecordingFile;
  readonly #lock: Lock;
  readonly #before: (Before & {readonly header: RecordingHeader}) | undefined;
  readonly #sizeBefore: number;
  #writer: RecordingWriter | GroupRecordingWriter | undefined;

  /** @throws Trouble `output`, and `input` if the file to append to is not a recording */
  static open(path: string, ifThere: IfExists): OpenRecording {
    const there = lstatSync(path, {throwIfNoEntry: false});
    if (there && !there.isFile()) throw cannotRecord(path, `it is ${whatIs(there)}.`);
    if (there && ifThere === 'refuse')
      throw cannotRecord(
        path,
        'it already exists.',
        'Give another name with -o, or use --append to continue it or --force to replace it.',
      );
    const right = lock(path);
    try {
      return new OpenRecording(path, there ? ifThere : 'refuse', right);
    } catch (error) {
      right.release();
      if (error instanceof Trouble) throw error;
      throw cannotWrite(path, error);
    }
  }

  private constructor(path: string, ifThere: IfExists, right: Lock) {
    this.path = path;
    this.#lock = right;
    if (ifThere === 'append') {
      this.#before = endOfOld(path);
      this.#file = RecordingFile.reopen(path);
    } else {
      if (ifThere === 'replace') unlinkSync(path);
      this.#file = RecordingFile.create(path);
    }
    this.#sizeBefore = this.#file.size;
  }

  /** Bytes that were added to the file. */
  get size(): number {
    return this.#file.size - this.#sizeBefore;
  }

  /** Samples that it had before. */
  get looksBefore(): number {
    return this.#before?.look ?? 0;
  }

  /**
   * Begins the recording, once its process is known.
   *
   * @throws Trouble `output` if it is appended to, and is of another process
   */
  begin(snapshot: Snapshot, interval: number, version: string): RecordingWriter {
    const {process: info} = snapshot;
    const old = this.#before?.header;
    if (old) refuseUnlessSame(this.path, old.process, info);
    const header = old ?? headerFor(snapshot, interval, version);
    const writer = new RecordingWriter(this.#packer(), header, CLOCK, this.#before);
    this.#writer = writer;
    return writer;
  }

  /**
   * Begins the recording of a group.
   *
   * @throws Trouble `output` if the file was to be appended to
   */
  beginGroup({kind, id, path, version}: Group, interval: number, memmap: string): GroupRecordingWriter {
    if (this.#before)
      throw cannotRecord(this.path, 'it is of a process, and nothing of a group can be appended to it.');
    const header = {
      memmap,
      host: hostname(),
      kernel: release(),
      group: {kind, id, path, version},
      interval: Math.max(1, Math.round(interval)),
      startedAt: new Date().toISOString(),
    };
    return (this.#writer = new GroupRecordingWriter(this.#packer(), header));
  }

  #packer(): Packer {
    return isCompressed(this.path) ? new GzipPacker(this.#file) : new PlainPacker(this.#file);
  }

  /**
   * Closes the file, after its last line has been written.
   *
   * @throws Trouble `output`
   */
  async close(): Promise<void> {
    try {
      if (!this.#writer && !this.#before) return this.#file.discard();
      await this.#file.close();
    } catch (error) {
      throw cannotWrite(this.path, error);
    } finally {
      this.#lock.release();
    }
  }
}

/** What the first line of a recording says that begins now. @param interval ms @param version of memmap */
export const headerFor = (snapshot: Snapshot, interval: number, version: string): RecordingHeader => ({
  memmap: version,
  host: hostname(),
  kernel: release(),
  bootId: snapshot.process.bootId,
  process: snapshot.process,
  pageSize: pageSizeOf(snapshot),
  interval: Math.max(1, Math.round(interval)),
  startedAt: new Date().toISOString(),
});

export const CLOCK = {now: () => performance.now(), wall: () => Date.now()};

const whatIs = (file: Stats): string =>
  file.isSymbolicLink() ? 'a symbolic link' : file.isDirectory() ? 'a directory' : 'not a regular file';

/** When writing, the end of the name decides; when reading, the content does. */
export const isCompressed = (path: string): boolean => path.endsWith('.gz');

/** Where an existing recording ends, after its torn last line has been removed. */
function endOfOld(path: string): Before & {readonly header: RecordingHeader} {
  const healed = healTail(path, (file, content) => saveFile(file, content, 'replace'));
  if (healed > 0) say(`memmap: ${path}: its last line was cut off (${counted(healed, 'byte')}) and has been removed.`);
  const recording = readRecording(path);
  recording.close();
  if (recording.followedAt !== undefined)
    throw cannotRecord(
      path,
      `another recording begins at line ${recording.followedAt}: anything appended to it could not be used.`,
    );
  return {header: recording.header, t: recording.duration, look: recording.looks};
}

function refuseUnlessSame(path: string, then: RecordingHeader['process'], now: RecordingHeader['process']): void {
  if (isSameProcess(then, now)) return;
  const why =
    then.bootId !== now.bootId
      ? 'it is of a process from another boot of the machine'
      : then.pid === now.pid
        ? `it is of an earlier process with the PID ${now.pid}`
        : `it is of process ${then.pid}, not of ${now.pid}`;
  throw cannotRecord(path, `${why}: a recording is of one process.`);
}

const cannotRecord = (path: string, why: string, next = 'Give another name with -o.'): Trouble =>
  new Trouble({kind: 'output', what: `Cannot record to ${path}.`, why, next});

/** `memmap-python3-4242-20260131-120000.jsonl`: the program, the PID, and the local time at which it began. */
export const defaultName = ({comm = 'process', pid}: Snapshot['process'], now = new Date()): string =>
  dated(`${plainName(basename(comm))}-${pid}`, now);

/** The same for a group, after its kind and its name: `memmap-unit-ssh.service-20260131-120000.jsonl`. */
export const defaultGroupName = ({kind, id}: Group, now = new Date()): string =>
  dated(`${kind}-${plainName(basename(id) || 'root').slice(0, 64)}`, now);

/** The same for a ring, whose files get a time when they are saved. */
export const ringName = ({comm = 'process', pid}: Snapshot['process']): string =>
  `memmap-${plainName(basename(comm))}-${pid}.jsonl`;

/**
 * Where a ring is saved: beside the name that was given, with the local time, `app.jsonl` →
 * `app-20260131-120000.jsonl`. A name that is taken gets a number.
 */
export function savedName(path: string, now = new Date()): string {
  const [, stem, end] = /^(.*?)((?:\.jsonl)?(?:\.gz)?)$/s.exec(path)!;
  const begin = `${stem}-${timeText(now)}`;
  for (let number = 1; ; number++) {
    const name = `${begin}${number === 1 ? '' : `-${number}`}${end || '.jsonl'}`;
    if (!lstatSync(name, {throwIfNoEntry: false})) return name;
  }
}

const plainName = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, '_');

const dated = (name: string, now: Date): string => `memmap-${name}-${timeText(now)}.jsonl`;

/** The local time: `20260131-120000`. */
function timeText(now: Date): string {
  const [date, time] = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).split('T');
  return `${date!.replaceAll('-', '')}-${time!.replaceAll(':', '')}`;
}

/** What a failed write means to whoever records. @param moments that were to be written: the last of them may not be */
export function recordingFailed(path: string, error: unknown, moments: number): Trouble {
  if (error instanceof Trouble || errnoOf(error) === '') return error as Trouble;
  const whole = moments - 1;
  const {message, why, next} = cannotWrite(path, error);
  return new Trouble({
    kind: 'output',
    what: message,
    why: whole > 0 ? `${why} What was written before can be used: about ${counted(whole, 'moment')}.` : why,
    next,
  });
}
