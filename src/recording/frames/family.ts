import {array, integer, isOwnName, object, string, unusable, type Json} from '../../model/json.ts';
import {kinKey, type FamilySample, type Kin, type KinUsage} from '../../model/kin/kin.ts';
import {patchOf, patched} from './patch.ts';

/** A family at one moment of a recording: what the lines up to it add up to. */
export interface FamilyFrame {
  /** When it was sampled, in ms since the recording began. */
  readonly t: number;
  readonly seen: number;
  readonly missed: boolean;
  readonly orphans: FamilySample['orphans'];
  /** As rowOf makes them, by PID and start time. */
  readonly members: Readonly<Record<string, Json>>;
  /** Keys of `members`, of those that came with this sample. */
  readonly came: readonly string[];
  readonly went: readonly Json[];
}

/** Writes the family into the lines of a recording. */
export class FamilyLines {
  /** When each reading was, by the clock of the recording. */
  readonly #times = new WeakMap<KinUsage, number>();
  #last: FamilySample | undefined;

  /** What a line says of the family, beside the frame before it; nothing where it was not looked at, or is the same. */
  record(before: FamilyFrame | undefined, family: FamilySample | undefined, t: number): {readonly family?: Json} {
    if (!family) return {};
    this.#last = {...family, came: [], went: []};
    const json = familyRecord(before, family, this.#timesOf(family, t));
    return json ? {family: json} : {};
  }

  /** The same for a line that stands on its own. */
  whole(family: FamilySample | undefined, t: number): {readonly family?: Json} {
    return this.record(undefined, family ?? this.#last, t);
  }

  #timesOf(family: FamilySample, t: number): ReadingTime {
    return (usage) => {
      const known = this.#times.get(usage);
      const time = known ?? Math.max(0, Math.round(t - (family.t - usage.readAt)));
      this.#times.set(usage, time);
      return time;
    };
  }
}

/** Gives the time of a reading by the clock of the recording, the same each time that it is asked. */
type ReadingTime = (usage: KinUsage) => number;

/**
 * What a line must say of a family that the line before did not.
 *
 * @param before undefined for a line that stands on its own
 * @returns undefined if nothing differs
 */
function familyRecord(
  before: FamilyFrame | undefined,
  sample: FamilySample,
  readingTime: ReadingTime,
): Json | undefined {
  const rows = Object.fromEntries(sample.members.map((kin) => [kinKey(kin), rowOf(kin, readingTime)]));
  const members: Record<string, unknown> = {};
  for (const [key, row] of Object.entries(rows)) {
    const differing = patchOf(before?.members[key] ?? {}, row, 0);
    if (differing) members[key] = differing;
  }
  for (const key in before?.members) if (!(key in rows)) members[key] = null;
  const {seen, missed, orphans, came, went} = sample;
  const record = {
    ...(seen !== before?.seen && {seen}),
    ...(missed !== before?.missed && {missed}),
    ...(orphans !== before?.orphans && {orphans}),
    ...(Object.keys(members).length > 0 && {members}),
    ...(came.length > 0 && {came: came.map(kinKey)}),
    ...(went.length > 0 && {went: went.map((kin) => rowOf(kin, readingTime))}),
  };
  return Object.keys(record).length > 0 ? record : undefined;
}

/** A member without what is absent. */
function rowOf({usage, ...kin}: Kin, readingTime: ReadingTime): Json {
  const row: Record<string, unknown> = {...kin};
  if (usage) row['usage'] = {...usage, readAt: readingTime(usage)};
  return JSON.parse(JSON.stringify(row)) as Json;
}

/**
 * The family after a line.
 *
 * @param value the member `family` of the line
 * @param t of the line
 * @throws Trouble `input` if it is malformed
 */
export function familyAfter(before: FamilyFrame | undefined, value: unknown, t: unknown): FamilyFrame | undefined {
  if (value === undefined) return before;
  const {seen, missed, orphans, members = {}, came = [], went = []} = object(value, 'family');
  const after: Record<string, Json> = {...before?.members};
  for (const [key, patch] of Object.entries(object(members, 'family.members'))) {
    if (!isOwnName(key)) continue;
    if (patch === null) delete after[key];
    else after[key] = patched(after[key] ?? {}, patch, `family.members.${key}`, 0);
  }
  return {
    t: integer(t, 't'),
    seen: seen === undefined ? (before?.seen ?? 0) : integer(seen, 'family.seen'),
    missed: missed === undefined ? (before?.missed ?? false) : missed === true,
    orphans: orphans === undefined ? (before?.orphans ?? 'none') : oneOf(ORPHANS, orphans, 'family.orphans'),
    members: after,
    came: array(came, 'family.came').map((key) => string(key, 'family.came')),
    went: array(went, 'family.went').map((row) => object(row, 'family.went')),
  };
}

/**
 * The family as the sample of a moment saw it.
 *
 * @param t of the moment: where it is later than the family's sample, nobody came or went since
 * @throws Trouble `input` if a member is malformed
 */
export function familyAt(frame: FamilyFrame, t: number): FamilySample {
  const members = Object.entries(frame.members).map(([key, row]) => kinFrom(row, `family.members.${key}`));
  const isNow = t === frame.t;
  return {
    t,
    members,
    came: isNow ? members.filter((kin) => frame.came.includes(kinKey(kin))) : [],
    went: isNow ? frame.went.map((row) => kinFrom(row, 'family.went')) : [],
    seen: frame.seen,
    missed: frame.missed,
    orphans: frame.orphans,
  };
}

const ORPHANS = ['adopters', 'session', 'none'] as const;
const TIES = ['first', 'child', 'adopted', 'session'] as const;
const MISSING = ['denied', 'hidden', 'spared', 'borrowed'] as const;

function kinFrom(row: Json, path: string): Kin {
  const amount = (name: string): number | undefined =>
    row[name] === undefined ? undefined : integer(row[name], `${path}.${name}`);
  const usage = row['usage'] === undefined ? undefined : object(row['usage'], `${path}.usage`);
  return {
    pid: integer(row['pid'], `${path}.pid`),
    startTime: integer(row['startTime'], `${path}.startTime`),
    ppid: integer(row['ppid'], `${path}.ppid`),
    comm: string(row['comm'], `${path}.comm`),
    tie: oneOf(TIES, row['tie'], `${path}.tie`),
    depth: integer(row['depth'], `${path}.depth`),
    state: string(row['state'], `${path}.state`),
    threads: amount('threads'),
    rss: amount('rss'),
    swap: amount('swap'),
    size: amount('size'),
    peak: amount('peak'),
    usage: usage && usageFrom(usage, `${path}.usage`),
    missing: row['missing'] === undefined ? undefined : oneOf(MISSING, row['missing'], `${path}.missing`),
  };
}

function usageFrom(usage: Json, path: string): KinUsage {
  const amount = (name: string): number | undefined =>
    usage[name] === undefined ? undefined : integer(usage[name], `${path}.${name}`);
  return {
    readAt: integer(usage['readAt'], `${path}.readAt`),
    regions: integer(usage['regions'], `${path}.regions`),
    pss: amount('pss'),
    privateDirty: amount('privateDirty'),
  };
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown, path: string): Word {
  if ((words as readonly unknown[]).includes(value)) return value as Word;
  throw unusable(`${path} is none of ${words.join(', ')}`);
}
