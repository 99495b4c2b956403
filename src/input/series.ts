import {readdirSync, readFileSync, statSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {unusable} from './input.ts';
import {inputOf, readInput} from './open.ts';
import {parseTimes, timesIn} from './times.ts';

/** A saved listing, and when it was taken. */
export interface Taken {
  readonly name: string;
  /** ms, of whatever beginning. */
  readonly at: number;
  readonly snapshot: Snapshot;
}

/** Saved listings of one process over time. */
export interface TakenSeries {
  /** In the order in which they were taken. */
  readonly listings: readonly Taken[];
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
}

/** Do these words of a command line stand for several listings: several files, or a directory? */
export const isSeries = (words: readonly string[], root: string): boolean =>
  words.length > 1 || (words.length === 1 && isDirectory(words[0]!, root));

function isDirectory(word: string, root: string): boolean {
  // /proc/PID is a process.
  if (!statSync(word, {throwIfNoEntry: false})?.isDirectory()) return false;
  return inputOf(word, root).is === 'file';
}

/**
 * Reads the listings of a directory, or those that are named, in the order in which they were taken. That is what the
 * file of times says, else the snapshots themselves, else their names, else when they were written.
 *
 * @param timesFile names with times
 * @throws Trouble `input`, `usage`
 */
export async function readSeries(words: readonly string[], root: string, timesFile?: string): Promise<TakenSeries> {
  const isFolder = words.length === 1;
  const names = isFolder ? filesIn(words[0]!) : words;
  const read: Array<{readonly name: string; readonly snapshot: Snapshot}> = [];
  const skipped: string[] = [];
  for (const name of names) {
    if (timesFile !== undefined && isFolder && basename(name) === basename(timesFile)) continue;
    try {
      const input = inputOf(name, root);
      if (input.is === 'process' || input.is === 'stdin') throw notSaved(name);
      read.push({name, snapshot: await readInput(input)});
    } catch (error) {
      if (!isFolder || !(error instanceof Trouble) || error.kind !== 'input') throw error;
      skipped.push(basename(name));
    }
  }
  if (read.length < 2) throw tooFew(words, read.length);
  const {times, note} = timesOf(read, timesFile);
  const listings = read.map((each, index) => ({...each, at: times[index]!})).sort((a, b) => a.at - b.at);
  return {listings, notes: [note, ...(skipped.length > 0 ? [skippedText(skipped)] : [])]};
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, {withFileTypes: true})
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({name}) => join(folder, name))
    .sort();

const skippedText = (names: readonly string[]): string =>
  `Left out, since no listing is in ${names.length === 1 ? 'it' : 'them'}: ${names.slice(0, 5).join(', ')}` +
  `${names.length > 5 ? `, … (${names.length})` : ''}.`;

interface Times {
  readonly times: readonly number[];
  readonly note: string;
}

function timesOf(
  read: ReadonlyArray<{readonly name: string; readonly snapshot: Snapshot}>,
  timesFile: string | undefined,
): Times {
  if (timesFile !== undefined) {
    const told = readTimes(timesFile);
    const times = read.map(({name}) => {
      const time = told.get(name) ?? told.get(basename(name));
      if (time === undefined) throw noTime(timesFile, name);
      return time;
    });
    return distinct(times, `Times are those of ${timesFile}.`);
  }
  const own = read.map(({snapshot: {takenAt}}) => (takenAt === undefined ? NaN : Date.parse(takenAt)));
  if (own.every(Number.isFinite)) return distinct(own, 'Times are those that the snapshots have.');
  const named = timesIn(read.map(({name}) => basename(name)));
  if (named) return {times: named, note: 'Times are those in the names of the files.'};
  return distinct(
    read.map(({name}) => statSync(name).mtimeMs),
    'Times are when the files were last written, which copying them may have changed (--times says others).',
  );
}

function distinct(times: readonly number[], note: string): Times {
  if (new Set(times).size === times.length) return {times, note};
  throw new Trouble({
    kind: 'usage',
    what: 'Cannot tell when the listings were taken.',
    why: `two have the same time. ${note}`,
    next: 'Say it with --times FILE: a line for each listing, its name and its time (2026-01-31T14:03:20, or seconds).',
  });
}

function readTimes(path: string): ReadonlyMap<string, number> {
  try {
    return parseTimes(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unusable(path, `${(error as Error).message}.`, 'Give a file with a name and a time in each line.');
  }
}

const noTime = (file: string, name: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `${file} has no time for ${name}.`,
    why: 'each listing must have one: a line with its name and a date (2026-01-31T14:03:20) or seconds.',
    next: 'Add the line, or leave --times out.',
  });

const notSaved = (name: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${name}" is not a saved listing.`,
    why: 'several targets are listings that were taken of one process at different times.',
    next: 'Give files, or a directory of them.',
  });

const tooFew = (words: readonly string[], count: number): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot see growth in ${words.join(', ')}.`,
    why: count === 0 ? 'no listing is in it.' : 'only one listing is in it, which is one moment.',
    next: 'Give two or more listings of one process, taken at different times.',
  });
