import type {GroupName} from '../model/group/group.ts';
import {EVENT_KEYS, GROUP_MEASURES, groupSampleJSON, type GroupSample} from '../model/group/sample.ts';
import {type Json, object} from '../model/json.ts';
import type {Rejected} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import type {Packer} from './file.ts';
import {GROUP_SCHEMA} from './head.ts';
import {linesOf, NO_SEED, openLine, sealLine} from './lines.ts';
import {named, noRecording} from './refusal.ts';
import {openSource, type RecordingSource} from './source.ts';

/** What the first line of a group's recording says. */
export interface GroupHeader {
  readonly memmap: string;
  readonly host: string;
  readonly kernel: string;
  readonly group: GroupName & {readonly path: string; readonly version: 1 | 2};
  /** ms between two samples. */
  readonly interval: number;
  /** ISO 8601: t = 0. */
  readonly startedAt: string;
}

/**
 * Writes the samples of a group, a line each: JSON with the checksum of a recording's lines (lines.ts), each begun with
 * that of the line before.
 */
export class GroupRecordingWriter {
  readonly #packer: Packer;
  #seed = NO_SEED;

  constructor(packer: Packer, header: GroupHeader) {
    this.#packer = packer;
    void this.#put({schema: GROUP_SCHEMA, ...header}).catch(() => {}); // Whoever writes the next line gets the error.
  }

  /** @throws (later) the system's error, if it could not be written */
  sample(sample: GroupSample): Promise<void> {
    return this.#put({event: 'sample', t: Math.round(sample.t), ...groupSampleJSON(sample)});
  }

  /** The last line. @param t ms */
  async end(t: number, reason: string, cost: object): Promise<void> {
    await this.#put({event: 'end', t: Math.round(t), reason, cost});
    await this.#packer.finish();
  }

  #put(record: object): Promise<void> {
    const isFirst = this.#seed === NO_SEED;
    const {bytes, crc} = sealLine(record, this.#seed);
    this.#seed = crc;
    return this.#packer.add(bytes, isFirst);
  }
}

/** A group over a time, as it was recorded. */
export interface GroupRecording {
  readonly header: GroupHeader;
  readonly samples: readonly GroupSample[];
  /** Why it ended; undefined if it is cut off, or still being made. */
  readonly reason: string | undefined;
  /** Does it stop without an end, though all that is there could be used? So it does while it is being made. */
  readonly breaksOff: boolean;
  /** Lines that could not be used. */
  readonly rejected: readonly Rejected[];
}

/** @throws Trouble `input` if nothing of it can be used */
export function readGroupRecording(path: string): GroupRecording {
  let source: RecordingSource | undefined;
  try {
    return recordingIn((source = openSource(path)));
  } catch (error) {
    throw named(path, error);
  } finally {
    source?.close();
  }
}

function recordingIn(source: RecordingSource): GroupRecording {
  const samples: GroupSample[] = [];
  const rejected: Rejected[] = [];
  let header: GroupHeader | undefined;
  let reason: string | undefined;
  let seed = NO_SEED;
  for (const {number, bytes, isEnded} of linesOf(source)) {
    const opened = openLine(bytes, seed);
    if (!opened) {
      const why = isEnded ? 'it is damaged, or a line before it is missing' : 'it is cut off';
      rejected.push({line: number, text: bytes.toString('latin1', 0, 100), why});
      break;
    }
    seed = opened.crc;
    const record = object(JSON.parse(bytes.toString('utf8')), 'it');
    if (number === 1) header = headerIn(record);
    else if (record['event'] === 'sample') samples.push(sampleIn(record));
    else if (record['event'] === 'end') reason = String(record['reason']);
  }
  if (!header || samples.length === 0)
    throw noRecording('it holds no sample', 'Make one with: memmap record cgroup:PATH');
  const isCut = reason === undefined && rejected.length === 0;
  const missing = {line: samples.length + 2, text: '', why: 'it is missing: the recording breaks off before its end'};
  return {header, samples, reason, breaksOff: isCut, rejected: isCut ? [missing] : rejected};
}

function headerIn(record: Json): GroupHeader {
  const group = object(record['group'], 'group');
  const {kind, id, path, version} = group;
  const isOurs = ['cgroup', 'unit', 'container'].includes(String(kind)) && typeof path === 'string';
  if (!isOurs)
    throw new Trouble({kind: 'input', what: '', why: 'its first line names no group.', next: 'Record again.'});
  return {
    memmap: String(record['memmap']),
    host: String(record['host']),
    kernel: String(record['kernel']),
    group: {kind: kind as GroupName['kind'], id: String(id), path, version: version === 1 ? 1 : 2},
    interval: numberOf(record['interval']) ?? 0,
    startedAt: String(record['startedAt']),
  };
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

function numbersIn<Key extends string>(record: Json, keys: readonly Key[]): Readonly<Partial<Record<Key, number>>> {
  const known = keys.filter((key) => numberOf(record[key]) !== undefined);
  return Object.fromEntries(known.map((key) => [key, record[key]])) as Readonly<Partial<Record<Key, number>>>;
}

function sampleIn(record: Json): GroupSample {
  const list = (value: unknown): GroupSample['came'] =>
    (Array.isArray(value) ? value : []).map((each) => {
      const {pid, name, rss} = object(each, 'a process');
      return {pid: Number(pid), name: String(name), rss: numberOf(rss)};
    });
  return {
    t: numberOf(record['t']) ?? 0,
    amounts: numbersIn(object(record['amounts'], 'amounts'), GROUP_MEASURES),
    residue: numberOf(record['residue']) ?? 0,
    events: numbersIn(object(record['events'] ?? {}, 'events'), EVENT_KEYS),
    came: list(record['came']),
    went: list(record['went']),
  };
}
