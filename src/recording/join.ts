import {object, string} from '../model/json.ts';
import {headOf, linesOf, membersOfLine, NO_SEED, openLine, readHead, type RecordHead, sealMembers} from './lines.ts';
import {noRecording} from './refusal.ts';
import {sourceOf} from './source.ts';

/** How a recording ends that was joined: see RecordingEnd. */
export interface Ending {
  readonly reason: string;
  /** Bytes of the listings that the parts represent. */
  readonly listings: number;
  /** What looking cost meanwhile; times in ms. */
  readonly cost: object;
}

/**
 * Joins parts of a recording, one after the other, into a recording of its own: its time begins at its first moment.
 * Each part is a header and lines from a key frame on. A line that is cut off is left out, with what follows it in its
 * part.
 *
 * @param ending undefined: the recording breaks off, as it does if its recorder was killed
 * @returns the bytes of each part in turn
 * @throws Trouble `input` if there is no moment in the parts
 */
export function joinParts(parts: readonly Buffer[], ending: Ending | undefined): Buffer[] {
  const joiner = new Joiner();
  const joined = parts.map((part) => Buffer.concat([...joiner.linesOf(part)])).filter(({length}) => length > 0);
  if (!joiner.hasBegun) throw noRecording('it has no moment');
  return ending ? [...joined, joiner.end(ending)] : joined;
}

class Joiner {
  #seed = NO_SEED;
  /** t and number of the look at the first moment of all; undefined before it. */
  #first: {readonly t: number; readonly look: number} | undefined;
  #last: Pick<RecordHead, 't' | 'look'> = {t: 0, look: 0};

  get hasBegun(): boolean {
    return this.#first !== undefined;
  }

  *linesOf(part: Buffer): Generator<Buffer> {
    let header: Buffer | undefined;
    let seed = NO_SEED;
    for (const {bytes, isEnded} of linesOf(sourceOf(part))) {
      const head = readHead(bytes);
      const isKey = head?.event === 'key' || head?.event === 'exec';
      const opened = isEnded ? openLine(bytes, header === undefined || isKey ? NO_SEED : seed) : undefined;
      if (!opened) return;
      seed = opened.crc;
      if (header === undefined) header = bytes;
      else if (!this.#first && head && isKey) yield* this.#begin(header, head, bytes);
      else if (this.#first && head && head.event !== 'end') yield this.#line(head, bytes);
    }
  }

  end(ending: Ending): Buffer {
    const head = headOf({event: 'end', ...this.#last, wall: undefined, since: undefined});
    return this.#sealed({...head, ...ending});
  }

  *#begin(header: Buffer, head: RecordHead, line: Buffer): Generator<Buffer> {
    const json = object(JSON.parse(header.toString('utf8')), 'line 1');
    const wall = head.wall ?? Date.parse(string(json['startedAt'], 'startedAt')) + head.t;
    this.#first = {t: head.t, look: head.look - 1};
    const {crc: _crc, ...rest} = json;
    yield this.#sealed({...rest, startedAt: new Date(wall).toISOString()});
    yield this.#line({...head, wall: undefined, since: undefined}, line);
  }

  /** A line at its time since the first moment; what it says is as it was. */
  #line(head: RecordHead, line: Buffer): Buffer {
    const {t, look} = this.#first!;
    const {listing: _listing, ...rest} = head;
    const since = head.since === undefined || head.since < t ? undefined : head.since - t;
    const begin = JSON.stringify(headOf({...rest, t: head.t - t, look: head.look - look, since})).slice(1, -1);
    this.#last = {t: head.t - t, look: head.look - look};
    const isKey = head.event === 'key' || head.event === 'exec';
    return this.#seal(begin + membersOfLine(line).slice(lengthOfHead(line)), isKey ? NO_SEED : this.#seed);
  }

  #sealed = (record: object): Buffer =>
    this.#seal(JSON.stringify(record).slice(1, -1), 'schema' in record ? NO_SEED : this.#seed);

  #seal(members: string, seed: number): Buffer {
    const {bytes, crc} = sealMembers(members, seed);
    this.#seed = crc;
    return bytes;
  }
}

/** How much of the members of a line its head is: as long as what headOf() writes for it. */
function lengthOfHead(line: Buffer): number {
  const {listing: _listing, ...head} = readHead(line)!;
  return JSON.stringify(headOf(head)).length - 2;
}
