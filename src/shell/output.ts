import {errnoOf, Trouble} from '../model/trouble.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {safe} from '../text/safe.ts';

/** The reader of our output went away (`| head -1`): no fault, and nothing more to do. */
export class ReaderGone extends Error {}

/**
 * Failed writes are reported to the callbacks below. Without a listener Node would end with a stack trace, and oclif's own
 * listener, which is set when its Command is loaded, does the same for all but EPIPE: call this afterwards.
 */
export function takeOverErrors(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error');
    stream.on('error', () => {});
  }
}

/**
 * Writes data to standard output and waits until it is out.
 *
 * @throws ReaderGone, or Trouble `output`
 */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => {
      if (!error) resolve();
      else reject(isReaderGone(errnoOf(error)) ? new ReaderGone() : cannotWrite('standard output', error));
    };
    try {
      process.stdout.write(text, done);
    } catch (error) {
      done(error as Error); // Where standard output is a file, Node 20 throws.
    }
  });
}

/** The same of a long text, one piece after another. */
export async function writePieces(pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) await writeOut(piece);
}

/** EIO on a terminal: it was closed, or its network broke. */
const isReaderGone = (errno: string): boolean => errno === 'EPIPE' || (errno === 'EIO' && process.stdout.isTTY);

/** Messages for people go to standard error; data never does. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

export function cannotWrite(where: string, error: unknown): Trouble {
  const reason = REASONS[errnoOf(error)] ?? (error as Error).message;
  const next = 'Choose another place with -o, or make room.';
  return new Trouble({kind: 'output', what: `Cannot write to ${where}.`, why: `${reason} (${errnoOf(error)}).`, next});
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of its path is no folder',
  EFBIG: 'the file would be too large',
  EIO: 'input/output error',
  ENAMETOOLONG: 'its name is too long',
};

/** So many characters are written at once. */
const BATCH = 1 << 20;

/** Many small parts of a text as fewer larger ones: a write(2) for each line of a long table would take longer than the table. */
export function* inBatches(parts: Iterable<string>): Generator<string> {
  let batch = '';
  for (const part of parts) {
    batch += part;
    if (batch.length < BATCH) continue;
    yield batch;
    batch = '';
  }
  if (batch !== '') yield batch;
}

/** A snapshot, or another thing that was read and has faults. */
export type Remarkable = Pick<Snapshot, 'rejected' | 'notes'> & {
  readonly source: {readonly name?: string | undefined};
};

/** So many lines that could not be used are told. */
const MOST_LINES = 5;

/** Tells on standard error what was not understood or can't be trusted, and what a reader should know. */
export function remarkOn({source, rejected, notes}: Remarkable): void {
  const name = source.name === undefined ? '' : `${safe(source.name)}: `;
  for (const {line, text, why} of rejected.slice(0, MOST_LINES)) {
    say(`memmap: ${name}line ${line} was not used (${safe(why)})${text === '' ? '.' : `: ${safe(text)}`}`);
  }
  const more = rejected.length - MOST_LINES;
  if (more > 0) say(`memmap: ${name}and ${more} more lines were not used.`);
  for (const note of notes) say(`memmap: ${name}${safe(note)}`);
}

/** Told this often, in ms. */
const EVERY = 250;

/**
 * Goes through what takes long, and tells on a terminal's standard error how far it is; elsewhere nothing.
 *
 * @param what is done, such as `Reading`
 * @param count how many there are
 */
export function* withProgress<Each>(what: string, all: Iterable<Each>, count: number): Generator<Each> {
  if (!process.stderr.isTTY) return yield* all;
  const begin = performance.now();
  let [done, told] = [0, begin];
  try {
    for (const each of all) {
      yield each;
      done++;
      const now = performance.now();
      if (now - told < EVERY) continue;
      told = now;
      process.stderr.write(`\r\x1b[K${what}: ${Math.floor((100 * done) / count)} %`);
    }
  } finally {
    if (told > begin) process.stderr.write('\r\x1b[K');
  }
}
