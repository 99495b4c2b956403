import {closeSync, constants, openSync, readFileSync, renameSync, unlinkSync, writeSync} from 'node:fs';
import {hostname} from 'node:os';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {identify} from '../procfs/handle.ts';
import {cannotWrite} from './output.ts';

/** Who records into a file: a process of this run of this machine. */
interface Owner {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly startTime: number;
}

/** The right to write to a recording. It is a file next to the recording, `FILE.lock`, that says who has it. */
export interface Lock {
  release(): void;
}

const lockPath = (path: string): string => `${path}.lock`;

/**
 * Takes the right to write to a recording. A recorder that was killed leaves the file behind; it no longer counts, and
 * is taken over.
 *
 * @throws Trouble `output` if another recorder has it, or the file can't be made
 */
export function lock(path: string): Lock {
  const file = lockPath(path);
  const own = ownText();
  for (let tries = 0; tries < 3; tries++) {
    if (create(file, own, path)) return {release: () => release(file, own)};
    const there = contents(file);
    const owner = there === undefined ? undefined : ownerOf(there);
    if (there !== undefined && isAtWork(owner)) throw taken(path, owner);
    if (there !== undefined) takeAway(file, there);
  }
  throw taken(path, ownerOf(contents(file) ?? ''));
}

/** Who records into a file right now; undefined if nobody does. */
export function recorderOf(path: string): number | undefined {
  const owner = ownerOf(contents(lockPath(path)) ?? '');
  return owner && isAtWork(owner) ? owner.pid : undefined;
}

function ownText(): string {
  const {startTime, bootId} = identify(process.pid) ?? {startTime: 0, bootId: ''};
  return JSON.stringify({host: hostname(), bootId, pid: process.pid, startTime} satisfies Owner);
}

function create(file: string, text: string, path: string): boolean {
  const {O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW} = constants;
  let fd: number | undefined;
  try {
    fd = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    writeSync(fd, text);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (fd !== undefined) unlinkSync(file);
    throw cannotWrite(path, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function contents(file: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return readFileSync(fd, 'utf8');
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function ownerOf(text: string): Owner | undefined {
  try {
    const {host, bootId, pid, startTime} = JSON.parse(text) as Owner;
    return Number.isInteger(pid) && pid > 0 ? {host, bootId, pid, startTime} : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a process of another machine still runs can't be known: it counts as running. A process that has the PID now,
 * but began later, is another one.
 */
function isAtWork(owner: Owner | undefined): boolean {
  if (!owner) return false;
  if (owner.host !== hostname()) return true;
  const now = identify(owner.pid);
  return now !== undefined && now.startTime === owner.startTime && now.bootId === owner.bootId;
}

/** If another recorder was quicker, the file that was taken away is its own, and is put back. */
function takeAway(file: string, stale: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (contents(aside) === stale) unlinkSync(aside);
    else renameSync(aside, file);
  } catch {
    // It is gone already.
  }
}

function release(file: string, own: string): void {
  if (contents(file) !== own) return;
  try {
    unlinkSync(file);
  } catch {
    // Its directory is gone.
  }
}

const taken = (path: string, owner: Owner | undefined): Trouble =>
  new Trouble({
    kind: 'output',
    what: `Cannot record to ${path}.`,
    why: owner
      ? `process ${owner.pid}${owner.host === hostname() ? '' : ` on ${owner.host}`} is recording to it.`
      : 'another recorder has it.',
    next:
      owner && owner.host !== hostname()
        ? `Give another name; or, if it no longer runs, remove ${lockPath(path)}.`
        : 'Give another name with -o.',
  });
