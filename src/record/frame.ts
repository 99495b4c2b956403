import type {Clues} from '../model/clues.ts';
import type {Region} from '../model/region.ts';
import {Snapshot, type Consistency, type Rejected} from '../model/snapshot.ts';
import {array, type Json} from '../model/json.ts';
import {consistencyFromJSON, processFromJSON, rejectedFromJSON, statusFromJSON} from '../parse/snapshot.ts';
import {cluesOfFrame} from './frame-clues.ts';
import {Row, type Verdict, type Words} from './row.ts';

/** All that is known at one moment of a recording. A record says how the next one differs from it; frames are never changed. */
export interface Frame {
  readonly listing: 'maps' | 'smaps';
  /** Ascending. */
  readonly rows: readonly Row[];
  /** What rows refer to, by place; a record adds to them. */
  readonly kinds: readonly Verdict[];
  readonly wordLists: readonly Words[];
  /** The counters that the kernel prints for each region. */
  readonly counters: readonly string[];
  readonly status: Json;
  readonly process: Json;
  /** As frame-clues.ts makes them. */
  readonly clues: Json;
  readonly consistency: Consistency;
  readonly notes: readonly string[];
  readonly rejected: readonly Rejected[];
}

/** Before the first key frame, and before each: nothing is known. */
export const NOTHING: Frame = {
  listing: 'maps',
  rows: [],
  kinds: [],
  wordLists: [],
  counters: [],
  status: {},
  process: {},
  clues: {},
  consistency: {torn: false, incomplete: false, reads: 1},
  notes: [],
  rejected: [],
};

/** Makes snapshots of frames, one after the other. What did not change is the same object as in the one before. */
export class Developer {
  #rows: readonly Row[] | undefined;
  #listing: Frame['listing'] | undefined;
  #regions: readonly Region[] = [];
  #cluesOf: Json | undefined;
  #clues: Clues = {};

  /** @param takenAt ISO 8601 */
  snapshot(frame: Frame, takenAt: string): Snapshot {
    const {listing, rows, consistency, notes, rejected} = frame;
    if (rows !== this.#rows || listing !== this.#listing) this.#regions = regionsOf(frame);
    if (frame.clues !== this.#cluesOf) this.#clues = cluesOfFrame(frame.clues);
    [this.#rows, this.#listing, this.#cluesOf] = [rows, listing, frame.clues];
    const source = {from: 'snapshot', format: listing} as const;
    const status = statusFromJSON(frame.status);
    const process = processFromJSON({...frame.process, state: status['state'], threads: status['threads']});
    return new Snapshot({source, regions: this.#regions, takenAt, process, status, consistency, notes, rejected, clues: this.#clues}); // prettier-ignore
  }
}

const regionsOf = ({rows, listing}: Frame): readonly Region[] =>
  rows.map((row) => (listing === 'smaps' ? row.whole : row.bare));

/** How far a look could be trusted, and what was said of it: said again only if it is another than before. */
export function trustOf(before: Frame, record: Json): Pick<Frame, 'consistency' | 'notes' | 'rejected'> {
  const {consistency, notes, rejected} = record;
  return {
    consistency: consistency === undefined ? before.consistency : {...NOTHING.consistency, ...consistencyFromJSON(consistency)},
    notes: notes === undefined ? before.notes : array(notes, 'notes').map(String),
    rejected: rejected === undefined ? before.rejected : array(rejected, 'rejected').map((each) => rejectedFromJSON(each, 'rejected')),
  };
} // prettier-ignore
