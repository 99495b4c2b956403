import {type Clues, cluesJSON} from '../../model/clues/clues.ts';
import type {Region} from '../../model/region.ts';
import {Snapshot, type Consistency, type ProcessInfo, type Rejected} from '../../model/snapshot.ts';
import {array, type Json, object} from '../../model/json.ts';
import {consistencyFromJSON, processFromJSON, rejectedFromJSON, statusFromJSON} from '../../parse/snapshot.ts';
import {cluesFromJSON} from '../../parse/clues.ts';
import type {FamilyFrame} from './family.ts';
import {BY_ENTRY} from './patch.ts';
import {RegionRow, type RowPurpose, type Words} from './row.ts';

/**
 * All that is known at one moment of a recording. A record says how the next one differs from it; frames are never
 * changed.
 */
export interface Frame {
  readonly listing: 'maps' | 'smaps';
  /** Ascending. */
  readonly rows: readonly RegionRow[];
  /** What rows refer to, by place; a record adds to them. */
  readonly kinds: readonly RowPurpose[];
  readonly wordLists: readonly Words[];
  /** The counters that the kernel prints for each region. */
  readonly counters: readonly string[];
  readonly status: Json;
  readonly process: Json;
  /** As cluesOfSnapshot makes them. */
  readonly clues: Json;
  /** The process and its descendants, where they were followed. */
  readonly family: FamilyFrame | undefined;
  readonly consistency: Consistency;
  readonly notes: readonly string[];
  readonly rejected: readonly Rejected[];
  /** From the frame before; undefined where anything may differ: at a key frame, or with other counters. */
  readonly difference: Difference | undefined;
}

/** What a line changed: regions that went or were otherwise, and what is there now. Each in address order. */
export interface Difference {
  readonly before: readonly RegionRow[];
  readonly after: readonly RegionRow[];
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
  family: undefined,
  consistency: {torn: false, incomplete: false, reads: 1},
  notes: [],
  rejected: [],
  difference: undefined,
};

/**
 * Makes snapshots of frames whose lines were checked, one after the other. What did not change is the same object as in
 * the one before.
 */
export class Developer {
  #rows: readonly RegionRow[] | undefined;
  #listing: Frame['listing'] | undefined;
  #regions: readonly Region[] = [];
  #cluesOf: Json | undefined;
  #clues: Clues = {};
  #said: {readonly process?: Json; readonly state?: unknown; readonly threads?: unknown} = {};
  #process: ProcessInfo = {};

  /** @param takenAt ISO 8601 */
  snapshot(frame: Frame, takenAt: string): Snapshot {
    const {listing, rows, consistency, notes, rejected} = frame;
    if (rows !== this.#rows || listing !== this.#listing) this.#regions = regionsOf(frame);
    if (frame.clues !== this.#cluesOf) this.#clues = cluesOfFrame(frame.clues);
    [this.#rows, this.#listing, this.#cluesOf] = [rows, listing, frame.clues];
    return new Snapshot({
      source: {from: 'snapshot', format: listing},
      regions: this.#regions,
      takenAt,
      process: this.process(frame),
      status: frame.status as Snapshot['status'],
      consistency,
      notes,
      rejected,
      clues: this.#clues,
    });
  }

  /** The process, with what status says of it. */
  process({process, status: {state, threads}}: Frame): ProcessInfo {
    const said = this.#said;
    if (process !== said.process || state !== said.state || threads !== said.threads) {
      this.#said = {process, state, threads};
      this.#process = processFromJSON({...process, state, threads});
    }
    return this.#process;
  }
}

/**
 * Is what a line says of status, process and clues as it should be? Only what it says is looked at: what was said
 * before it was checked there.
 *
 * @throws Trouble `input`
 */
export function checkRecord({status, process, clues}: Json): void {
  const {state, threads} = statusFromJSON(given(status, 'status'));
  if (process !== undefined || state !== undefined || threads !== undefined)
    processFromJSON({...given(process, 'process'), state, threads});
  if (clues === undefined) return;
  const parts = Object.entries(given(clues, 'clues')).map(([name, part]) => [
    name,
    BY_ENTRY.has(name) ? given(part, `clues.${name}`) : part,
  ]);
  cluesOfFrame(Object.fromEntries(parts) as Json);
}

/** Without what is gone. */
function given(patch: unknown, path: string): Json {
  const json = object(patch ?? {}, path);
  for (const name in json)
    if (json[name] === null) return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
  return json;
}

const regionsOf = ({rows, listing}: Frame): readonly Region[] =>
  rows.map((row) => (listing === 'smaps' ? row.whole : row.bare));

/** How far a look could be trusted, and what was said of it: said again only if it is another than before. */
export function trustOf(before: Frame, record: Json): Pick<Frame, 'consistency' | 'notes' | 'rejected'> {
  const {consistency, notes, rejected} = record;
  return {
    consistency:
      consistency === undefined ? before.consistency : {...NOTHING.consistency, ...consistencyFromJSON(consistency)},
    notes: notes === undefined ? before.notes : array(notes, 'notes').map(String),
    rejected:
      rejected === undefined
        ? before.rejected
        : array(rejected, 'rejected').map((each) => rejectedFromJSON(each, 'rejected')),
  };
}

/**
 * Clues as a recording has them: those of a snapshot document, but threads by their ids, so that one that comes or goes
 * is one entry, and the program headers of files without the names of their fields, as there are many.
 */
export function cluesOfSnapshot(clues: Clues): Json {
  const json: Record<string, unknown> = {...cluesJSON(clues)};
  const threads = json['threads'] as Array<Record<string, unknown>> | undefined;
  const files = json['files'] as Record<string, ElfJSON> | undefined;
  if (threads) json['threads'] = Object.fromEntries(threads.map(({tid, ...rest}) => [String(tid), rest]));
  if (files) json['files'] = Object.fromEntries(Object.entries(files).map(([name, clue]) => [name, shortElf(clue)]));
  return json;
}

/** As cluesJSON has it. */
interface ElfJSON {
  readonly segments: ReadonlyArray<Record<string, unknown>>;
  readonly relro?: {readonly start: unknown; readonly end: unknown} | undefined;
}

const FIELDS = ['offset', 'address', 'fileSize', 'memorySize', 'flags'];

function shortElf({segments, relro}: ElfJSON): unknown[] {
  const rows = segments.map((segment) => FIELDS.map((field) => segment[field]));
  return relro ? [rows, [relro.start, relro.end]] : [rows];
}

/** The reverse. @throws Trouble `input` */
function cluesOfFrame(json: Json): Clues {
  const {threads, files} = json;
  const byId = threads === undefined ? undefined : Object.entries(object(threads, 'clues.threads'));
  const byName = files === undefined ? undefined : Object.entries(object(files, 'clues.files'));
  return cluesFromJSON({
    ...json,
    threads: byId?.map(([tid, rest]) => ({...object(rest, 'clues.threads'), tid: Number(tid)})),
    files: byName && Object.fromEntries(byName.map(([name, clue]) => [name, longElf(clue)])),
  });
}

function longElf(value: unknown): object {
  const [segments, relro] = array(value, 'clues.files');
  const [start, end] = relro === undefined ? [] : array(relro, 'clues.files');
  const rows = array(segments, 'clues.files').map((row) => {
    const values = array(row, 'clues.files');
    return Object.fromEntries(FIELDS.map((field, place) => [field, values[place]]));
  });
  return {segments: rows, ...(relro !== undefined && {relro: {start, end}})};
}
