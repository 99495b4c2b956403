import {cluesJSON, type Clues} from '../model/clues.ts';
import {cluesFromJSON} from '../parse/snapshot.ts';
import {array, object, type Json} from '../model/json.ts';

/**
 * Clues as a recording has them: those of a snapshot document, but threads by their ids, so that one that comes or goes is
 * one entry, and the program headers of files without the names of their fields, as there are many.
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
export function cluesOfFrame(json: Json): Clues {
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
