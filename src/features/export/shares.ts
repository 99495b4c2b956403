import {linesOf} from '../../recording/lines.ts';
import {openSource} from '../../recording/source.ts';
import {readShares, type SavedShare} from '../cause/recorded/saved.ts';

/**
 * Who mapped what, out of a file of events, plain or compressed.
 *
 * @throws Trouble `input`
 */
export function sharesIn(path: string): SavedShare[] {
  const source = openSource(path);
  try {
    return readShares(bytesOf(linesOf(source)), path);
  } finally {
    source.close();
  }
}

function* bytesOf(lines: ReturnType<typeof linesOf>): Generator<Uint8Array> {
  for (const {bytes} of lines) yield bytes;
}
