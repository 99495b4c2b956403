import {utf8} from './scan.ts';
import {classify} from '../classify/classify.ts';
import {KINDS, type Kind} from '../model/kind.ts';
import type {Region, Usage} from '../model/region.ts';
import {Regions} from '../model/columns/regions.ts';
import {Snapshot, type Consistency, type ProcessInfo, type Rejected} from '../model/snapshot.ts';
import {array, hexString, integer, isOwnName, type Json, matching, object, string, unusable} from '../model/json.ts';
import {cluesFromJSON} from './clues.ts';
import type {Observed} from '../model/host/observer.ts';

/**
 * Reads a `memmap.snapshot/1` document, the reverse of Snapshot.toJSON().
 *
 * @throws Trouble (`input`) with the path of the first thing that isn't as the schema says
 */
export function snapshotFromJSON(input: Uint8Array | string): Snapshot {
  if (input.length > LARGEST) throw unusable(`it is larger than ${LARGEST / 2 ** 20} MiB`);
  const text = typeof input === 'string' ? input : utf8(input);
  if (isDeep(text)) throw unusable(`its brackets are nested more than ${DEEPEST} deep`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const first = isLine(text) ? 'it is JSON Lines, one document per line, as logs are' : undefined;
    throw unusable(first ?? `it begins like JSON but isn't: ${(error as Error).message}`);
  }
  const root = object(document, 'the document');
  const schema = root['schema'];
  if (schema !== 'memmap.snapshot/1') {
    const given = typeof schema === 'string' ? JSON.stringify(schema.slice(0, 60)) : 'not given';
    throw unusable(`its schema is ${given}, not "memmap.snapshot/1"`);
  }
  const regions = regionsFromJSON(root['regions']);
  const clues = cluesFromJSON(root['clues']);
  // Kinds that were saved stay, unless an older version said less, or a newer one says what this one doesn't know.
  if (!isClassified(regions)) classify(regions, clues);
  const source = object(root['source'] ?? {}, 'source');
  return new Snapshot({
    source: {
      from: 'snapshot',
      format: matching(source['format'] ?? 'maps', /^(?!constructor$)[a-z][\w -]{0,40}$/, 'source.format', 'smaps'),
    },
    takenAt:
      root['takenAt'] == null ? undefined : matching(root['takenAt'], ISO_TIME, 'takenAt', '2026-01-31T12:00:00.000Z'),
    process: processFromJSON(root['process']),
    consistency: consistencyFromJSON(root['consistency']),
    status: statusFromJSON(root['status']),
    rejected: array(root['rejected'] ?? [], 'rejected').map((entry, index) =>
      rejectedFromJSON(entry, `rejected[${index}]`),
    ),
    notes: array(root['notes'] ?? [], 'notes').map((note, index) => string(note, `notes[${index}]`)),
    regions,
    clues,
    observed: root['observer'] === undefined ? undefined : observedFromJSON(root['observer']),
  });
}

/** The reverse of observedJSON. */
function observedFromJSON(value: unknown): Observed {
  const json = object(value, 'observer');
  const kernel = object(json['kernel'], 'observer.kernel');
  const bounds = (key: string): Observed['pss'] => {
    const {low, high} = object(json[key], `observer.${key}`);
    return {low: integer(low, `observer.${key}.low`), high: integer(high, `observer.${key}.high`)};
  };
  return {
    shared: integer(json['shared'], 'observer.shared'),
    pss: bounds('pss'),
    private: bounds('private'),
    isCertain: json['certain'] === true,
    kernel: {
      totals: usageFromJSON(kernel['totals'], 'observer.kernel.totals'),
      regions: array(kernel['regions'], 'observer.kernel.regions').map((entry, index) => {
        const path = `observer.kernel.regions[${index}]`;
        const {start, ...usage} = object(entry, path);
        return {start: hexString(start, `${path}.start`), usage: usageFromJSON(usage, path)};
      }),
    },
  };
}

/** Is the first line a document of its own? */
function isLine(text: string): boolean {
  try {
    return typeof JSON.parse(text.slice(0, text.indexOf('\n'))) === 'object';
  } catch {
    return false;
  }
}

/** Bytes: what 150,000 regions with all their counters take. JSON.parse needs many times the size of its text. */
const LARGEST = 128 * 2 ** 20;

/** Levels of brackets; a snapshot has 5. */
const DEEPEST = 100;

/** Are brackets nested too deep? Millions of them would take JSON.parse gigabytes. Those in strings don't count. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length && depth <= DEEPEST; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfString(text, at);
    else if (character === 0x5b || character === 0x7b) depth++;
    else if (character === 0x5d || character === 0x7d) depth--;
  }
  return depth > DEEPEST;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) return at;
    if (character === BACKSLASH) at++;
  }
  return text.length;
}

function regionsFromJSON(value: unknown): Regions {
  const entries = array(value, 'regions');
  const regions = new Regions(entries.length);
  entries.forEach((entry, index) => regions.push(regionFromJSON(entry, `regions[${index}]`)));
  const {start, end, length} = regions;
  for (let row = 1; row < length; row++)
    if (start[row]! < end[row - 1]!) throw unusable(`regions[${row}] overlaps the one before it`);
  return regions;
}

/** Has each region a kind that this version knows, and a reason for it? */
const isClassified = ({tables, verdict, length}: Regions): boolean =>
  [...new Set(verdict.subarray(0, length))]
    .map((number) => tables.verdicts[number]!)
    .every(({kind, evidence}) => evidence !== undefined && KINDS.includes(kind));

function regionFromJSON(entry: unknown, path: string): Region {
  const json = object(entry, path);
  const start = hexString(json['start'], `${path}.start`);
  const end = hexString(json['end'], `${path}.end`);
  if (end < start || (end === start && json['name'] !== '[rollup]')) throw unusable(`${path} ends where it starts`);
  return {
    start,
    end,
    perms: matching(json['perms'], /^([r-][w-][x-][sp-]|\?{4})$/, `${path}.perms`, 'rw-p'),
    offset: json['offset'] === null ? undefined : hexString(json['offset'], `${path}.offset`),
    dev: matching(json['dev'], /^([0-9a-f]{2,}:[0-9a-f]{2,})?$/, `${path}.dev`, 'fe:00'),
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
    if (!Number.isInteger(entry) && typeof entry !== 'string' && typeof entry !== 'boolean')
      throw unusable(`status.${name} is neither a whole number nor a string, true or false`);
    if (isOwnName(name)) status[name] = entry as number | string | boolean;
  }
  return status;
}

export function rejectedFromJSON(entry: unknown, path: string): Rejected {
  const json = object(entry, path);
  if (!Number.isSafeInteger(json['line']) || Number(json['line']) < 1)
    throw unusable(`${path}.line is not the number of a line`);
  return {
    line: Number(json['line']),
    text: string(json['text'], `${path}.text`),
    why: string(json['why'], `${path}.why`),
  };
}

/** An object whose known fields have their forms. What else it has is left out: it could be anything, of any depth. */
function typed(value: unknown, path: string, forms: Readonly<Record<string, Form>>): Json {
  const json = object(value ?? {}, path);
  const known: Record<string, unknown> = {};
  for (const [field, [type, form]] of Object.entries(forms)) {
    const entry = json[field];
    if (entry === undefined) continue;
    if (typeof entry !== type || !form.test(`${entry as string | number | boolean}`))
      throw unusable(`${path}.${field} is not a ${type} as it should be`);
    known[field] = entry;
  }
  return known;
}

/** The `process` of a snapshot, also of a recording. */
export const processFromJSON = (value: unknown): ProcessInfo => typed(value, 'process', PROCESS_FIELDS);

export const consistencyFromJSON = (value: unknown): Partial<Consistency> =>
  typed(value, 'consistency', CONSISTENCY_FIELDS);

/** The type of a value, and what it looks like as text. */
type Form = readonly [type: 'number' | 'string' | 'boolean', form: RegExp];

const TEXT: Form = ['string', /^/];
const ADDRESS: Form = ['string', /^\d+$/];
const COUNT: Form = ['number', /^\d+$/];
const FROM_ONE: Form = ['number', /^[1-9]\d*$/];
const YES_OR_NO: Form = ['boolean', /^/];

const PROCESS_FIELDS = {
  pid: FROM_ONE,
  ppid: COUNT,
  comm: TEXT,
  exe: TEXT,
  startTime: COUNT,
  bootId: TEXT,
  state: ['string', /^[A-Za-z]$/],
  threads: COUNT,
  uid: COUNT,
  startCode: ADDRESS,
  startStack: ADDRESS,
  startBrk: ADDRESS,
} as const;

const CONSISTENCY_FIELDS = {torn: YES_OR_NO, incomplete: YES_OR_NO, reads: FROM_ONE};

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
