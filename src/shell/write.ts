import {writeSync} from 'node:fs';
import {errnoOf} from '../model/trouble.ts';
import {streamOf} from './terminal.ts';

/** Descriptors that are written through Node's stream from now on, so that texts stay in their order. */
const streamed = new Set<number>();

/**
 * Writes a text to standard output or standard error, and waits until it is out.
 *
 * write(2) is called here and now: Node's streams take 4 ms to make. They are used where only the event loop will do:
 * where the descriptor is a pipe or socket that somebody set to O_NONBLOCK and that is full (EAGAIN, write(2)), and in
 * a command that handles signals, which must not be held up by a reader that doesn't read.
 *
 * @throws the error of write(2), with its `code`
 */
export async function writeTo(fd: 1 | 2, text: string): Promise<void> {
  if (handlesSignals()) streamed.add(fd);
  const rest = streamed.has(fd) ? text : writeNow(fd, bytesOf(text));
  if (rest.length > 0) await writeToStream(fd, typeof rest === 'string' ? rest : Buffer.from(rest));
}

/**
 * Where long texts are turned into bytes: new memory for each would have to be cleared by the kernel. A text has at
 * most three bytes a character.
 */
let scratch: Buffer | undefined;
const LONGEST = 80 * 1024;
const SHORT = 4096;

/** @returns bytes that stay as they are until the next call */
function bytesOf(text: string): Buffer {
  if (text.length < SHORT || text.length > LONGEST) return Buffer.from(text);
  scratch ??= Buffer.allocUnsafeSlow(3 * LONGEST);
  return scratch.subarray(0, scratch.write(text));
}

const handlesSignals = (): boolean => process.listenerCount('SIGINT') > 0 || process.listenerCount('SIGTERM') > 0;

/** @returns what is left when the descriptor takes no more */
function writeNow(fd: 1 | 2, bytes: Buffer): Buffer {
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(fd, bytes, done);
  } catch (error) {
    if (errnoOf(error) !== 'EAGAIN') throw error;
    streamed.add(fd);
  }
  return bytes.subarray(done);
}

function writeToStream(fd: 1 | 2, rest: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // Where it is a file, Node 20 throws.
    streamOf(fd).write(rest, (error) => (error ? reject(error) : resolve()));
  });
}
