import type {Consistency, Rejected, Snapshot} from '../../model/snapshot.ts';
import type {Json} from '../../model/json.ts';
import {cluesOfSnapshot, NOTHING} from '../frames/frame.ts';
import {Listed} from './listed.ts';
import {isAlike, patched, patchOf} from '../frames/patch.ts';
import {joined, type Members} from './places.ts';

/** What a reader knows besides regions; a part of its Frame. */
interface Said {
  readonly listing: 'maps' | 'smaps';
  readonly status: Json;
  readonly process: Json;
  readonly clues: Json;
  readonly consistency: Consistency;
  readonly notes: readonly string[];
  readonly rejected: readonly Rejected[];
}

/**
 * Says of each look what a reader of the recording can't know from the lines before: the reverse of applyRecord, but
 * on columns of numbers. What it keeps to compare with is the listing of the last look, and of the last one that had
 * counters, which the session keeps as well.
 */
export class Encoder {
  readonly #pageSize: number;
  #listed: Listed;
  #said: Said = NOTHING;
  /** The last look, of which all but its status is known. */
  #last: Snapshot | undefined;

  /** @param pageSize bytes */
  constructor(pageSize: number) {
    this.#pageSize = pageSize;
    this.#listed = new Listed(pageSize);
  }

  /** A look as a key frame, which stands on its own. */
  whole(snapshot: Snapshot, status: Json): string {
    this.#listed = new Listed(this.#pageSize);
    [this.#said, this.#last] = [NOTHING, undefined];
    return this.next(snapshot, status);
  }

  /**
   * The next look. Its regions stay as they are until the look after it.
   *
   * @param status /proc/PID/status at this look
   * @returns the members of the line besides its head, as JSON; '' if nothing differs
   */
  next(snapshot: Snapshot, status: Json): string {
    const members = snapshot === this.#last ? this.#sayStatus(status) : this.#say(snapshot, status);
    this.#last = snapshot;
    const texts = Object.entries(members).filter(([, text]) => text !== undefined);
    return joined(texts.map(([name, text]) => `"${name}":${text}`));
  }

  #sayStatus(status: Json): Members {
    const said = this.#said;
    const patch = patchOf(said.status, status);
    if (patch) this.#said = {...said, status: patched(said.status, patch, 'status')};
    return {status: text(patch)};
  }

  #say(snapshot: Snapshot, status: Json): Members {
    const said = this.#said;
    const {state: _state, threads: _threads, ...process} = snapshot.process;
    const listing = snapshot.source.format === 'smaps' ? 'smaps' : 'maps';
    const {consistency, notes, rejected} = snapshot;
    const patches = {
      status: patchOf(said.status, status),
      process: patchOf(said.process, process),
      clues: patchOf(said.clues, cluesOfSnapshot(snapshot.clues)),
    };
    const isKnown = listing === said.listing && this.#listed.length > 0;
    this.#said = {
      listing,
      status: after(said, patches, 'status'),
      process: after(said, patches, 'process'),
      clues: after(said, patches, 'clues'),
      consistency,
      notes,
      rejected,
    };
    return {
      listing: isKnown ? undefined : text(listing),
      status: text(patches.status),
      process: text(patches.process),
      clues: text(patches.clues),
      consistency: isAlike(said.consistency, consistency) ? undefined : text(consistency),
      notes: isAlike(said.notes, notes) ? undefined : text(notes),
      rejected: isAlike(said.rejected, rejected) ? undefined : text(rejected),
      ...this.#listed.next(snapshot.table, listing === 'smaps'),
    };
  }
}

type Part = 'status' | 'process' | 'clues';

const after = (said: Said, patches: Readonly<Record<Part, Json | undefined>>, part: Part): Json => {
  const patch = patches[part];
  return patch ? patched(said[part], patch, part) : said[part];
};

const text = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));
