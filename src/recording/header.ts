import type {ProcessInfo} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {integer, object, string, type Json} from '../model/json.ts';
import {processFromJSON} from '../parse/snapshot.ts';
import {NO_SEED, openLine, type OpenedLines} from './lines.ts';
import {noRecording, unknownForm} from './refusal.ts';

/**
 * The schema of the first line; the number grows when a reader of this version could no longer read what is written.
 */
const RECORDING_SCHEMA = 'memmap.recording/1';

/** The first line of a recording: what it is a recording of. */
export interface RecordingHeader {
  /** The memmap that began it. */
  readonly memmap: string;
  readonly host: string;
  /** The kernel's release, as uname -r has it. */
  readonly kernel: string;
  /** Distinguishes two runs of the machine. */
  readonly bootId?: string | undefined;
  /** The process as it was at the first look. */
  readonly process: ProcessInfo;
  /** Bytes of a page. */
  readonly pageSize: number;
  /** ms between two looks, as asked for; a look may be late. */
  readonly interval: number;
  /** ISO 8601: the wall clock when `t` was 0. */
  readonly startedAt: string;
}

/** What the elements of the arrays in a recording mean, for whoever reads it with jq. */
const FIELDS = {
  regions: ['start', 'end', 'perms', 'kinds[]', 'offset', 'dev', 'inode', 'name', 'nameBase64'],
  kinds: ['kind', 'label', 'evidence', 'confidence'],
  usage: ['position', 'bytes'],
  words: ['position', 'wordLists[]'],
  wordLists: ['flags', 'attributes'],
  'clues.files': ['segments', 'relro'],
  segments: ['offset', 'address', 'fileSize', 'memorySize', 'flags'],
};

export const headerJSON = (header: RecordingHeader): object => ({schema: RECORDING_SCHEMA, ...header, fields: FIELDS});

/**
 * Reads the first line of a recording.
 *
 * @throws Trouble `input`: of a newer version, of another tool, or damaged
 */
export function readHeader(line: Uint8Array): {readonly header: RecordingHeader; readonly opened: OpenedLines} {
  const json = headerLine(line);
  const schema = json['schema'];
  if (typeof schema !== 'string' || !schema.startsWith('memmap.recording/'))
    throw noRecording(`line 1 has no schema "${RECORDING_SCHEMA}", so another tool wrote it`);
  if (schema !== RECORDING_SCHEMA) throw newer(schema, json['memmap']);
  const opened = openLine(line, NO_SEED);
  if (!opened)
    throw noRecording(
      line.at(-1) === CR
        ? 'its lines end in CR LF: something turned it into DOS text (dos2unix restores it)'
        : 'line 1 was changed after it was written: its checksum does not match',
    );
  try {
    return {opened, header: headerOf(json)};
  } catch (error) {
    if (error instanceof Trouble) throw unknownForm(1, error.why, String(json['memmap']).slice(0, 60));
    throw error;
  }
}

const CR = 0x0d;

function headerOf(json: Json): RecordingHeader {
  const bootId = json['bootId'];
  return {
    memmap: string(json['memmap'], 'memmap'),
    host: string(json['host'], 'host'),
    kernel: string(json['kernel'], 'kernel'),
    ...(bootId !== undefined && {bootId: string(bootId, 'bootId')}),
    process: processFromJSON(json['process']),
    pageSize: integer(json['pageSize'], 'pageSize'),
    interval: integer(json['interval'], 'interval'),
    startedAt: isoTime(json['startedAt'], 'startedAt'),
  };
}

function headerLine(line: Uint8Array): Json {
  try {
    return object(JSON.parse(new TextDecoder().decode(line)), 'line 1');
  } catch {
    throw noRecording('line 1 is not a JSON object, or is cut off');
  }
}

/** @throws Trouble `input` unless it is a time as toISOString() writes it */
function isoTime(value: unknown, path: string): string {
  const text = string(value, path);
  if (!Number.isFinite(Date.parse(text))) throw noRecording(`${path} is not a time such as "2026-01-31T12:00:00.000Z"`);
  return text;
}

const newer = (schema: string, version: unknown): Trouble =>
  noRecording(
    `it was written by a newer memmap${typeof version === 'string' ? ` (${version})` : ''} in the format ` +
      `${schema}; this one reads ${RECORDING_SCHEMA}`,
    'Read it with that version of memmap, or a later one.',
  );
