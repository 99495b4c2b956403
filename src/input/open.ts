import {existsSync, statSync} from 'node:fs';
import type {Family} from '../model/family.ts';
import type {Snapshot} from '../model/snapshot.ts';
import type {Tables} from '../model/columns/tables.ts';
import {errnoOf, Trouble, type TroubleParts} from '../model/trouble.ts';
import {capture} from '../procfs/capture.ts';
import type {CaptureOptions} from '../procfs/options.ts';
import {parseLong, parseSide, type Shared} from '../parse/parse.ts';
import {processOfThread} from '../procfs/find.ts';
import {recorderOf} from '../shell/lock.ts';
import {say} from '../shell/output.ts';
import {safe} from '../text/safe.ts';
import {type GroupRecording, readGroupRecording} from '../recording/group.ts';
import {isGroupRecording, isRecording} from '../recording/head.ts';
import {readRecording, recordingFrom, type Recording} from '../recording/recording.ts';
import {InputFile, noRecordingIn, readStdin} from './bytes.ts';
import {parseInput, unusable, type Input, type Target} from './input.ts';
import {openCore} from './core.ts';
import {parseNamed, parseNamedDump, parseSides} from './listing.ts';
import {onlyProcess} from './named.ts';
import {familyOf, momentOf, noFamily} from './recorded.ts';

/** What an input turned out to hold. */
type Opened = {readonly is: 'process'; readonly pid: number} | Recorded | Listing | OneMoment;

/** The caller must close it. */
interface Recorded {
  readonly is: 'recording';
  readonly recording: Recording;
  /** The file, or `-`. */
  readonly name: string;
}

/** A listing or a snapshot, which is read when it is wanted. */
interface Listing {
  readonly is: 'listing';
  readonly name: string;
  /** @param shared with what it is compared with @throws Trouble `input` */
  readonly read: (shared?: Shared) => Snapshot;
  /** What to say where only a recording will do. */
  readonly noRecording: () => Trouble;
}

/** One moment of a recording, which is read when it is wanted. */
interface OneMoment {
  readonly is: 'moment';
  readonly name: string;
  /** @throws Trouble `input`: also if the file holds no recording */
  readonly read: () => Snapshot;
}

/**
 * What an argument stands for, here and now.
 *
 * @param root where procfs is mounted
 * @throws Trouble `usage`, `gone`, `input`
 */
export function inputOf(text: string, root?: string): Input {
  const target = targetOf(text, root);
  if (target.is !== 'group') return target;
  throw new Trouble({
    kind: 'usage',
    what: `"${text}" is a group of processes.`,
    why: 'this command looks at one process; show, ps, top, watch, record, growth and check take groups.',
    next: `See what the group has, and its processes: memmap show ${text}`,
  });
}

/** The same, for commands that look at groups too. */
export function targetOf(text: string, root?: string): Target {
  const input = parseInput(text, {isThere: existsSync, pidOf: (name) => onlyProcess(name, root)});
  const process = input.is === 'process' && processOfThread(input.pid, root);
  if (!process) return input;
  say(`memmap: ${text} is a thread (${safe(process.name)}) of process ${process.pid}, which is looked at instead.`);
  return {is: 'process', pid: process.pid};
}

/** What to say of anything but a live process. */
type Refusal = Pick<TroubleParts, 'what' | 'why' | 'next'>;

/** The PID of what must be a live process. @throws Trouble */
export function processOf(
  text: string,
  root?: string,
  refusal: Refusal = {
    what: `"${text}" is not a process.`,
    why: 'this command looks at a live process.',
    next: 'Give its PID, or its name.',
  },
): number {
  const input = inputOf(text, root);
  if (input.is === 'process') return input.pid;
  throw new Trouble({kind: 'usage', ...refusal});
}

/** Opens an input, and says what it holds; standard input is read to its end. @throws Trouble `input` */
export async function open(input: Input): Promise<Opened> {
  switch (input.is) {
    case 'process':
      return input;
    case 'stdin':
      return heldByStdin(await readStdin());
    case 'file':
      return (await heldByDump(input.path)) ?? heldByFile(input.path);
    case 'moment':
      return {is: 'moment', name: input.path, read: () => readMoment(input.path, input.moment)};
  }
}

/** @returns undefined if it is neither a core nor a minidump */
async function heldByDump(path: string): Promise<Listing | undefined> {
  const file = await openCore(path);
  if (!file) return undefined;
  const read = (): Snapshot => {
    try {
      return parseNamedDump(file.read, file.size, path);
    } finally {
      file.close();
    }
  };
  return {is: 'listing', name: path, read, noRecording: () => noRecordingIn(path)};
}

function heldByFile(path: string): Recorded | Listing {
  const file = new InputFile(path);
  if (file.isGroupRecording) {
    file.close();
    throw onlyGroup(path);
  }
  if (!file.isRecording)
    return {
      is: 'listing',
      name: path,
      read: (shared) => readLong(file, shared) ?? readHeld(file.read(), path, shared?.tables),
      noRecording: () => file.noRecording(),
    };
  file.close();
  return {is: 'recording', name: path, recording: readRecording(path)};
}

/**
 * A long listing as the kernel prints it. @returns undefined if it isn't one, and for what goes wrong: read() says it
 */
function readLong(file: InputFile, shared?: Shared): Snapshot | undefined {
  try {
    const {parts} = file;
    const isSide = shared && parts && parts.size <= MOST_BESIDE;
    const snapshot = isSide
      ? readSide(parts.read, parts.size, shared)
      : parts && parseLong(parts.read, parts.size, shared?.tables);
    if (snapshot) file.close();
    return snapshot?.withSource({...snapshot.source, name: file.path});
  } catch (error) {
    if (!(error instanceof Trouble) && errnoOf(error) === '') throw error;
    return undefined;
  }
}

/** Bytes of a file up to which both sides of a comparison are in memory: 300,000 regions. */
const MOST_BESIDE = 16 * 2 ** 20;

/** One side of a comparison. */
function readSide(read: (into: Uint8Array) => number, size: number, shared: Shared): Snapshot | undefined {
  const bytes = Buffer.allocUnsafeSlow(size + 1);
  let length = 0;
  for (let count; (count = read(bytes.subarray(length))) > 0;) length += count;
  // A file that is being written is read as one of unknown length.
  return length === size ? parseSide(bytes.subarray(0, size), shared) : undefined;
}

/** The recording of a group that a file holds, for commands that look at groups too; undefined if it holds none. */
export function groupRecordingOf(target: Target): GroupRecording | undefined {
  // A pipe can't be opened twice.
  if (target.is !== 'file' || !statSync(target.path, {throwIfNoEntry: false})?.isFile()) return undefined;
  const file = new InputFile(target.path);
  try {
    if (!file.isGroupRecording) return undefined;
    const recording = readGroupRecording(target.path);
    // Nothing is missing while it is being made.
    const isGrowing = recording.breaksOff && recorderOf(target.path) !== undefined;
    return isGrowing ? {...recording, rejected: []} : recording;
  } finally {
    file.close();
  }
}

const onlyGroup = (name: string): Trouble =>
  unusable(
    name,
    'it is the recording of a group, which has no regions.',
    `See what grows in it: memmap growth ${name === '-' ? 'FILE' : name}`,
  );

function heldByStdin(bytes: Buffer): Recorded | Listing {
  if (isGroupRecording(bytes)) throw onlyGroup('-');
  if (isRecording(bytes)) return {is: 'recording', name: '-', recording: recordingFrom(bytes)};
  const read = (shared?: Shared): Snapshot => readHeld(bytes, '-', shared?.tables);
  return {is: 'listing', name: '-', read, noRecording: () => noRecordingIn('-', bytes)};
}

/** For a recording that comes through a pipe: its last moment. */
function readHeld(bytes: Buffer, name: string, tables?: Tables): Snapshot {
  if (bytes.length === 0) throw unusable(name, 'it is empty.');
  if (isRecording(bytes)) return momentOf(recordingFrom(bytes, name), name, undefined);
  return parseNamed(bytes, name, tables);
}

function readMoment(path: string, moment: string): Snapshot {
  const held = heldByFile(path);
  if (held.is === 'recording') return onlyMoment(held, moment);
  throw noMoments(path, moment);
}

function onlyMoment({recording, name}: Recorded, moment?: string): Snapshot {
  try {
    return momentOf(recording, name, moment);
  } finally {
    recording.close();
  }
}

/**
 * The family at the chosen moment of a recording, else its last.
 *
 * @throws Trouble `usage` if the input is no recording, or one without a family
 */
export async function readFamily(input: Exclude<Input, {is: 'process'}>): Promise<Family> {
  const opened = input.is === 'stdin' ? heldByStdin(await readStdin()) : heldByFile(input.path);
  if (opened.is === 'listing') throw noFamily(opened.name, 'a listing is of one process.');
  const {recording, name} = opened;
  try {
    return familyOf(recording, name, input.is === 'moment' ? input.moment : undefined);
  } finally {
    recording.close();
  }
}

/** Opens a file, or `-` for standard input, that must hold a recording. @throws Trouble `input` */
export async function openRecording(name: string): Promise<Recording> {
  // A process makes no sense here, so a number is the name of a file.
  const held = name === '-' ? heldByStdin(await readStdin()) : heldByFile(name);
  if (held.is === 'recording') return held.recording;
  throw held.noRecording();
}

/**
 * Reads an input as one moment: a process now, what a file holds, or the chosen moment of a recording, else its last.
 */
export async function readInput(input: Input, options: CaptureOptions = {}): Promise<Snapshot> {
  return readBeside(input, options);
}

/**
 * The same, where a text may be something else than a listing.
 *
 * @param other makes something else of the bytes of a file or of standard input; undefined if it is none
 */
export async function readOr<Other extends object>(
  input: Input,
  other: (bytes: Buffer) => Other | undefined,
): Promise<Snapshot | Other> {
  if (input.is === 'stdin') {
    const bytes = await readStdin(true);
    return other(bytes) ?? readHeld(bytes, '-');
  }
  const dump = input.is === 'file' ? await heldByDump(input.path) : undefined;
  if (input.is !== 'file' || dump) return dump ? dump.read() : readInput(input);
  const file = new InputFile(input.path);
  if (file.isRecording || file.isGroupRecording) {
    file.close();
    return readInput(input);
  }
  const bytes = file.read(true);
  return other(bytes) ?? readHeld(bytes, input.path);
}

/** The same. @param shared with what it is compared with */
async function readBeside(input: Input, options: CaptureOptions, shared?: Shared): Promise<Snapshot> {
  const opened = await open(input);
  if (opened.is === 'process') return capture(opened.pid, options);
  return opened.is === 'recording' ? onlyMoment(opened) : opened.read(shared);
}

/** Reads both sides of a comparison, the first one first. @throws Trouble: `usage` if both are standard input */
export async function readBoth(before: string, after: string, options: CaptureOptions): Promise<[Snapshot, Snapshot]> {
  const inputs = [inputOf(before, options.root), inputOf(after, options.root)] as const;
  if (inputs.every(({is}) => is === 'stdin')) {
    throw new Trouble({
      kind: 'usage',
      what: 'Both sides are standard input.',
      why: 'it can be read only once.',
      next: 'Save one of them to a file.',
    });
  }
  const shared: Shared = {};
  const first = await readBeside(inputs[0], options, shared);
  shared.tables = first.table.tables;
  return [first, await readBeside(inputs[1], options, shared)];
}

/**
 * Both sides of a diff of two listings, as diff(1) prints it, from one file or standard input.
 *
 * @returns undefined if there is no such file, or it holds something else
 */
export async function readSides(text: string): Promise<[Snapshot, Snapshot] | undefined> {
  if (text === '-') return parseSides(await readStdin(), '-');
  return existsSync(text) ? parseSides(new InputFile(text).read(), text) : undefined;
}

const noMoments = (path: string, moment: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot use ${path}${moment}.`,
    why: `${path} is not a recording, so it has no moments.`,
    next: `Look at the file itself: memmap show ${path}`,
  });
