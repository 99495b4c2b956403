import {closeSync, existsSync, fstatSync, openSync, readSync} from 'node:fs';
import {Snapshot} from '../model/snapshot.ts';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {looksLikeJson, parseBytes, type Parsed} from '../parse/parse.ts';
import {capture, type CaptureOptions} from '../procfs/capture.ts';
import {retried} from '../procfs/file.ts';
import {findByName} from '../procfs/find.ts';
import {isRecording, Recording, recordingFrom} from '../recording/recording.ts';
import {
  isRecordingFile,
  LARGEST_INPUT,
  momentOf,
  noMoments,
  readMoment,
  readStdin,
  splitMoment,
  tooLarge,
} from './open.ts';

/** What a command looks at: a PID, a file, `-` for standard input, or the name of exactly one process. */
export type Target =
  | {readonly is: 'process'; readonly pid: number}
  /** `moment`: which one of a recording, `#12` or `@+30s`. */
  | {readonly is: 'file'; readonly path: string; readonly moment?: string | undefined}
  | {readonly is: 'stdin'};

/** @throws Trouble `usage`, `gone`, `input` */
export function resolveTarget(text: string, root?: string): Target {
  if (text === '-') return {is: 'stdin'};
  if (/^\d+$/.test(text) && isPid(text)) return {is: 'process', pid: Number(text)};
  if (existsSync(text)) return {is: 'file', path: text};
  const moment = splitMoment(text);
  if (moment) return {is: 'file', ...moment};
  if (/^[+-]?\p{Nd}/u.test(text) && !/[/.]/.test(text)) throw notAPid(text);
  if (/[/.]/.test(text)) throw noSuchFile(text);
  return {is: 'process', pid: onlyProcess(text, root)};
}

/** A target that must be a live process. */
export function resolveProcess(text: string, root?: string): number {
  const target = resolveTarget(text, root);
  if (target.is === 'process') return target.pid;
  throw new Trouble({
    kind: 'usage',
    what: `"${text}" is not a process.`,
    why: 'this command looks at a live process.',
    next: 'Give its PID, or its name.',
  });
}

/** Reads a target: the process at this moment, or what a file holds. */
export async function readTarget(target: Target, options: CaptureOptions = {}): Promise<Snapshot> {
  return (await readBeside(target, options)).snapshot;
}

/** The same. @param before what it will be compared with */
async function readBeside(target: Target, options: CaptureOptions, before?: Parsed): Promise<Parsed> {
  if (target.is === 'process') return {snapshot: capture(target.pid, options)};
  const name = target.is === 'stdin' ? '-' : target.path;
  if (target.is === 'file' && isRecordingFile(target.path)) return {snapshot: readMoment(target.path, target.moment)};
  if (target.is === 'file' && target.moment !== undefined) throw noMoments(target.path, target.moment);
  const held = heldBy(target.is === 'stdin' ? await readStdin(lookAtStdin) : readFile(target.path), name, before);
  return held instanceof Recording ? {snapshot: momentOf(held, name, undefined)} : held;
}

/** What standard input holds: a recording as a whole, or one moment. */
export async function readFromStdin(): Promise<Recording | Snapshot> {
  const held = heldBy(await readStdin(lookAtStdin), '-');
  return held instanceof Recording ? held : held.snapshot;
}

function heldBy(bytes: Buffer, name: string, before?: Parsed): Recording | Parsed {
  if (bytes.length === 0) throw unusable(name, 'it is empty.');
  if (isRecording(bytes)) return recordingFrom(bytes, name === '-' ? undefined : name);
  const {snapshot, lines} = parseNamed(bytes, name, before);
  return {snapshot: snapshot.withSource({...snapshot.source, name}), lines};
}

function parseNamed(bytes: Uint8Array, name: string, before?: Parsed): Parsed {
  try {
    return parseBytes(bytes, before);
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'input')
      throw unusable(name, `${error.message.replace(/\.$/, ':')} ${error.why}`, error.next);
    throw error;
  }
}

/** The kernel's highest PID is 4,194,304 (PID_MAX_LIMIT); numbers that fit its type are taken as asked, and not found. */
const isPid = (text: string): boolean => Number(text) > 0 && Number(text) < 2 ** 31;

function onlyProcess(name: string, root: string | undefined): number {
  const found = findByName(name, root);
  if (found.length === 1) return found[0]!.pid;
  if (found.length === 0) {
    throw new Trouble({
      kind: 'gone',
      what: `Cannot find "${name}".`,
      why: 'no process has this name, and no file either.',
      next: 'List processes with: ps -e',
    });
  }
  const list = found.map(({pid, command, comm}) => `${pid}  ${(command || comm).slice(0, 100)}`);
  throw new Trouble({
    kind: 'usage',
    what: `"${name}" is not one process.`,
    why: `${found.length} processes have this name:`,
    next: 'Give the PID of one of them.',
    list,
  });
}

const notAPid = (text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${text}" is not a PID.`,
    why: 'a PID is a whole number from 1 to 4194304, in decimal.',
    next: 'List processes with: ps -e',
  });

const noSuchFile = (path: string): Trouble => unusable(path, 'there is no such file.');

const unusable = (
  name: string,
  why: string,
  next = 'Give a copy of /proc/PID/maps or /proc/PID/smaps, or a memmap snapshot.',
): Trouble => new Trouble({kind: 'input', what: `Cannot use ${name === '-' ? 'standard input' : name}.`, why, next});

function readFile(path: string): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw unusable(path, 'it is a directory.');
    if (stat.size > LARGEST_INPUT) throw tooLarge(path);
    return readWhole(fd, path);
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw unusable(path, FILE_REASONS[errnoOf(error)] ?? `${(error as Error).message}.`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file.',
  EACCES: 'you may not read it (permission denied).',
  EPERM: 'you may not read it (operation not permitted).',
  ESRCH: 'the process behind it has ended.',
};

/** A file's size says nothing for pipes and for /proc itself. */
function readWhole(fd: number, path: string): Buffer {
  const parts: Buffer[] = [];
  for (let size = 0; ;) {
    const part = Buffer.allocUnsafe(256 * 1024);
    const count = retried(() => readSync(fd, part));
    if (count === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    if (passes(size, (size += count))) refuseNonsense(parts, path);
    if (size > LARGEST_INPUT) throw tooLarge(path);
  }
}

const lookAtStdin = (parts: readonly Buffer[], before: number, after: number): void => {
  if (passes(before, after)) refuseNonsense(parts, '-');
};

/** Bytes after which a first look is taken. */
const GLIMPSE = 16 * 2 ** 20;

const passes = (before: number, after: number): boolean => before < GLIMPSE && after >= GLIMPSE;

/** An endless input (/dev/zero, yes(1)) is known by its beginning: no need to fill memory first. JSON says nothing before its end. */
function refuseNonsense(parts: readonly Buffer[], name: string): void {
  const beginning = Buffer.concat(parts);
  if (!looksLikeJson(beginning) && !isRecording(beginning)) parseNamed(beginning, name);
}

/** Reads both sides of a comparison, the first one first. */
export async function readBoth(before: string, after: string, options: CaptureOptions): Promise<[Snapshot, Snapshot]> {
  const targets = [resolveTarget(before, options.root), resolveTarget(after, options.root)] as const;
  if (targets.every((target) => target.is === 'stdin')) {
    throw new Trouble({
      kind: 'usage',
      what: 'Both sides are standard input.',
      why: 'it can be read only once.',
      next: 'Save one of them to a file.',
    });
  }
  const first = await readBeside(targets[0], options);
  return [first.snapshot, (await readBeside(targets[1], options, first)).snapshot];
}
