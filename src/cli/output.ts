import {errnoOf, Trouble} from '../model/trouble.ts';

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
  return new Trouble('output', `Cannot write to ${where}.`, `${reason} (${errnoOf(error)}).`, next);
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
