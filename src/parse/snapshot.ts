import {classify} from '../classify/classify.ts';
import {KINDS, type Kind} from '../model/kind.ts';
import type {Region} from '../model/region.ts';
import {Snapshot, type Consistency, type ProcessInfo, type Rejected} from '../model/snapshot.ts';
import type {Usage} from '../model/usage.ts';
import {cluesFromJSON} from './clues.ts';
import {array, hexString, isOwnName, matching, object, string, unusable, type Json} from './json.ts';

/**
 * Reads a `memmap.snapshot/1` document, the reverse of Snapshot.toJSON().
 *
 * @throws Trouble (`input`) with the path of the first thing that isn't as the schema says
 */
export function snapshotFromJSON(input: Uint8Array | string): Snapshot {
  let document: unknown;
  try {
    document = JSON.parse(typeof input === 'string' ? input : new TextDecoder().decode(input));
  } catch (error) {
    throw unusable(`it begins like JSON but isn't: ${(error as Error).message}`);
  }
  const root = object(document, 'the document');
  const schema = root['schema'];
  if (schema !== 'memmap.snapshot/1') {
    throw unusable(`its schema is ${JSON.stringify(schema) ?? 'not given'}, not "memmap.snapshot/1"`);
  }
  const regions = array(root['regions'], 'regions').map((entry, index) => regionFromJSON(entry, `regions[${index}]`));
  regions.forEach((region, index) => {
    if (index > 0 && region.start < regions[index - 1]!.end)
      throw unusable(`regions[${index}] overlaps the one before it`);
  });
  const clues = cluesFromJSON(root['clues']);
  // What was said when it was saved stays, unless an older version said less, or a newer one what this one doesn't know.
  if (regions.some(({kind, evidence}) => evidence === undefined || !KINDS.includes(kind))) classify(regions, clues);
  const source = object(root['source'] ?? {}, 'source');
  return new Snapshot({
    source: {from: 'snapshot', format: string(source['format'] ?? 'maps', 'source.format')},
    takenAt: root['takenAt'] == null ? undefined : string(root['takenAt'], 'takenAt'),
    process: processFromJSON(root['process']),
    consistency: consistencyFromJSON(root['consistency']),
    status: statusFromJSON(root['status']),
    rejected: array(root['rejected'] ?? [], 'rejected').map((entry, index) =>
      rejectedFromJSON(entry, `rejected[${index}]`),
    ),
    notes: array(root['notes'] ?? [], 'notes').map((note, index) => string(note, `notes[${index}]`)),
    regions,
    clues,
  });
}

function regionFromJSON(entry: unknown, path: string): Region {
  const json = object(entry, path);
  const start = hexString(json['start'], `${path}.start`);
  const end = hexString(json['end'], `${path}.end`);
  if (end < start) throw unusable(`${path} ends before it starts`);
  return {
    start,
    end,
    perms: matching(json['perms'], /^[r?-][w?-][x?-][sp?-]$/, `${path}.perms`, 'rw-p'),
    offset: json['offset'] === null ? undefined : hexString(json['offset'], `${path}.offset`),
    dev: string(json['dev'], `${path}.dev`),
    inode: matching(json['inode'], /^\d{0,20}$/, `${path}.inode`, '0'),
    name: string(json['name'], `${path}.name`),
    nameBase64: json['nameBase64'] === undefined ? undefined : string(json['nameBase64'], `${path}.nameBase64`),
    kind: string(json['kind'], `${path}.kind`) as Kind,
    label: json['label'] === undefined ? undefined : string(json['label'], `${path}.label`),
    evidence: json['evidence'] === undefined ? undefined : string(json['evidence'], `${path}.evidence`),
    confidence: json['confidence'] === undefined ? undefined : confidence(json['confidence'], `${path}.confidence`),
    usage: json['usage'] === undefined ? undefined : usageFromJSON(json['usage'], `${path}.usage`),
    flags:
      json['flags'] === undefined
        ? undefined
        : array(json['flags'], `${path}.flags`).map((code) => string(code, `${path}.flags`)),
    attributes:
      json['attributes'] === undefined ? undefined : attributesFromJSON(json['attributes'], `${path}.attributes`),
  };
}

function confidence(value: unknown, path: string): 'guess' {
  if (value !== 'guess') throw unusable(`${path} is not "guess"`);
  return value;
}

function usageFromJSON(value: unknown, path: string): Usage {
  const usage: Record<string, number> = {};
  for (const [counter, bytes] of Object.entries(object(value, path))) {
    if (!Number.isSafeInteger(bytes) || Number(bytes) < 0)
      throw unusable(`${path}.${counter} is not a number of bytes`);
    if (isOwnName(counter)) usage[counter] = Number(bytes);
  }
  return usage;
}

function attributesFromJSON(value: unknown, path: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [name, text] of Object.entries(object(value, path))) {
    if (isOwnName(name)) attributes[name] = string(text, `${path}.${name}`);
  }
  return attributes;
}

export function statusFromJSON(value: unknown): Record<string, number | string | boolean> {
  const status: Record<string, number | string | boolean> = {};
  for (const [name, entry] of Object.entries(object(value ?? {}, 'status'))) {
    if (typeof entry !== 'number' && typeof entry !== 'string' && typeof entry !== 'boolean')
      throw unusable(`status.${name} is neither a number nor a string, true or false`);
    if (isOwnName(name)) status[name] = entry;
  }
  return status;
}

export function rejectedFromJSON(entry: unknown, path: string): Rejected {
  const json = object(entry, path);
  if (typeof json['line'] !== 'number') throw unusable(`${path}.line is not a number`);
  return {line: json['line'], text: string(json['text'], `${path}.text`), why: string(json['why'], `${path}.why`)};
}

/** An object whose known fields have their types; what else it has is kept, for versions to come. */
function typed(value: unknown, path: string, types: Readonly<Record<string, string>>): Json {
  const json = object(value ?? {}, path);
  for (const [field, type] of Object.entries(types)) {
    if (json[field] !== undefined && typeof json[field] !== type) throw unusable(`${path}.${field} is not a ${type}`);
  }
  return Object.fromEntries(Object.entries(json).filter(([name]) => isOwnName(name)));
}

/** The `process` of a snapshot, also of a recording. */
export const processFromJSON = (value: unknown): ProcessInfo => typed(value, 'process', PROCESS_FIELDS);

export const consistencyFromJSON = (value: unknown): Partial<Consistency> =>
  typed(value, 'consistency', CONSISTENCY_FIELDS);

const PROCESS_FIELDS = {
  pid: 'number', ppid: 'number', comm: 'string', exe: 'string', startTime: 'number', bootId: 'string', state: 'string',
  threads: 'number', uid: 'number', startCode: 'string', startStack: 'string', startBrk: 'string',
}; // prettier-ignore

const CONSISTENCY_FIELDS = {torn: 'boolean', incomplete: 'boolean', reads: 'number'};
