import {errnoOf, Trouble} from '../model/trouble.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {counted} from '../model/amounts.ts';
import {hanging} from '../text/lines.ts';
import {safe} from '../text/safe.ts';
import {isTerminal, sizeOf} from './terminal.ts';
import {writeTo} from './write.ts';

/** The reader of our output went away (`| head -1`): no fault, and nothing more to do. */
export class ReaderGone extends Error {}

/**
 * Failed writes are reported to whoever wrote. Without a listener Node would end with a stack trace, and oclif's own
 * listener, which is set when its Command is loaded from dist/, does the same for all but EPIPE: call this afterwards.
 * The streams are made when they are first asked for, and get their listener then.
 */
export function takeOverErrors(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const property = Object.getOwnPropertyDescriptor(process, name)!;
    const make = (): NodeJS.WriteStream => (property.get?.call(process) ?? property.value) as NodeJS.WriteStream;
    let stream: NodeJS.WriteStream | undefined;
    const get = (): NodeJS.WriteStream => (stream ??= withoutListeners(make()));
    Object.defineProperty(process, name, {configurable: true, enumerable: true, get});
  }
}

const withoutListeners = (stream: NodeJS.WriteStream): NodeJS.WriteStream =>
  stream.removeAllListeners('error').on('error', () => {});

/**
 * Writes data to standard output and waits until it is out.
 *
 * @throws ReaderGone, or Trouble `output`
 */
export async function writeOut(text: string): Promise<void> {
  try {
    await writeTo(1, text);
  } catch (error) {
    throw isReaderGone(errnoOf(error)) ? new ReaderGone() : cannotWrite('standard output', error);
  }
}

/** The same for a long text, one piece after another. */
export async function writePieces(pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) await writeOut(piece);
}

/** EIO on a terminal: it was closed, or its network broke. */
const isReaderGone = (errno: string): boolean => errno === 'EPIPE' || (errno === 'EIO' && isTerminal(1));

/**
 * Messages for people go to standard error; data never does. On a terminal, lines that are too long for it are broken
 * at blanks, and set in below the first word of what they say.
 */
export function say(text: string): void {
  const width = isTerminal(2) ? Math.max(sizeOf(2).columns ?? 80, LEAST) : undefined;
  const lines = text.split('\n').flatMap((line) => hanging(line, width));
  void writeTo(2, `${lines.join('\n')}\n`).catch(() => {}); // There is nobody left to tell.
}

/** A terminal that is narrower than this breaks lines itself. */
const LEAST = 40;

export function cannotWrite(where: string, error: unknown): Trouble {
  const reason = REASONS[errnoOf(error)] ?? (error as Error).message;
  const next = FULL.has(errnoOf(error))
    ? 'Choose another place with -o, or make room.'
    : 'Choose another place with -o.';
  return new Trouble({kind: 'output', what: `Cannot write to ${where}.`, why: `${reason} (${errnoOf(error)}).`, next});
}

/** What is freed helps here. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'a part of its path is not a directory',
  EFBIG: 'the file would be too large',
  EIO: 'input/output error',
  ENAMETOOLONG: 'its name is too long',
};

/** Characters that are collected before they are written: a pipe takes no more at once (pipe(7)). */
const BATCH = 1 << 16;

/**
 * Many small parts of a text as fewer larger ones: a write(2) for each line of a long table would take longer than the
 * table.
 */
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

/** At most this many of the lines that could not be used are reported. */
const MOST_LINES = 5;

/** Reports on standard error what was not understood or can't be trusted, and what a reader should know. */
export function remarkOn({source, rejected, notes}: Remarkable): void {
  const name = source.name === undefined ? '' : `${safe(source.name)}: `;
  for (const {line, text, why} of rejected.slice(0, MOST_LINES)) {
    say(`memmap: ${name}line ${line} was not used (${safe(why)})${text === '' ? '.' : `: ${safe(text)}`}`);
  }
  const more = rejected.length - MOST_LINES;
  if (more > 0) say(`memmap: ${name}and ${counted(more, 'more line')} ${more === 1 ? 'was' : 'were'} not used.`);
  for (const note of notes) say(`memmap: ${name}${safe(note)}`);
}

/** ms between two reports of progress. */
const EVERY = 250;

/**
 * Iterates over something long, and reports progress on standard error, if that is a terminal.
 *
 * @param what is done, such as `Reading`
 * @param count how many there are
 */
export function* withProgress<Each>(what: string, all: Iterable<Each>, count: number): Generator<Each> {
  if (!isTerminal(2)) return yield* all;
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
