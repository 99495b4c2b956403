import type {Family, Member} from '../family.ts';
import type {Usage} from '../region.ts';

/** How a process came to be counted as family. */
export type KinTie =
  /** The process that is followed. */
  | 'first'
  /** The child of a member, also if that member has ended since. */
  | 'child'
  /** A member's descendant whose parent had ended: a process that takes in orphans (a subreaper) has it now. */
  | 'adopted'
  /** The same, found by its session, which the first process leads: only descendants of its leader are in a session. */
  | 'session';

/**
 * The counters of smaps_rollup, which are read now and then: they stall the process. Bytes, and a number of regions.
 */
export interface KinUsage {
  /** When it was read, in ms by the clock of the samples. */
  readonly readAt: number;
  readonly regions: number;
  readonly pss?: number | undefined;
  readonly privateDirty?: number | undefined;
}

/** A member of a family as one sample saw it. Bytes; what could not be read is absent. */
export interface Kin {
  readonly pid: number;
  /** Clock ticks after boot: with the PID it is the process, and no later one. 0 where that is hidden. */
  readonly startTime: number;
  readonly ppid: number;
  readonly comm: string;
  readonly tie: KinTie;
  /** 0 for the first process, 1 for its children, and so on; 1 for an orphan. */
  readonly depth: number;
  /** One letter of proc_pid_stat(5). */
  readonly state: string;
  readonly threads?: number | undefined;
  /** VmRSS. */
  readonly rss?: number | undefined;
  /** VmSwap. */
  readonly swap?: number | undefined;
  /** VmSize. */
  readonly size?: number | undefined;
  /** VmHWM: the highest VmRSS since the program in it began. */
  readonly peak?: number | undefined;
  readonly usage?: KinUsage | undefined;
  /**
   * Why `usage` or more is missing. `denied`: not permitted. `hidden`: /proc does not show it (hidepid). `spared`:
   * reading it would have stalled it. `borrowed`: it still runs in its parent's memory (vfork), which is counted there.
   */
  readonly missing?: 'denied' | 'hidden' | 'spared' | 'borrowed' | undefined;
}

/** A family as one sample saw it: a process and its descendants, as far as they were found. */
export interface FamilySample {
  /** ms by the clock of the samples. */
  readonly t: number;
  /** Those that are there, the first process first, each after its parent. */
  readonly members: readonly Kin[];
  /** Those of them that the sample before did not have; none in the first sample. */
  readonly came: readonly Kin[];
  /** Those of the sample before that have ended, as they were seen last. A zombie has ended. */
  readonly went: readonly Kin[];
  /** How many processes were members so far. */
  readonly seen: number;
  /**
   * Were there members that no sample saw alive? One has waited for children whose page faults are counted with its
   * own (cminflt of proc_pid_stat(5)), or a zombie was seen that had never been seen alive.
   */
  readonly missed: boolean;
  /** Are orphans found that were never seen with their parents? Without a rule for them they are not. */
  readonly orphans: OrphanRule;
}

/** `adopters`: the processes that take orphans in are watched. `session`: the first process leads its session. */
export type OrphanRule = 'adopters' | 'session' | 'none';

/** What a family has of these can be added up. */
export const KIN_MEASURES = ['rss', 'pss', 'privateDirty', 'swap', 'size', 'regions', 'threads'] as const;

export type KinMeasure = (typeof KIN_MEASURES)[number];

export const isKinMeasure = (measure: string): measure is KinMeasure =>
  (KIN_MEASURES as readonly string[]).includes(measure);

/** Of one member: bytes, or things. A vfork child has no memory of its own. */
export function kinAmount(member: Kin, measure: KinMeasure): number | undefined {
  const {missing, usage, threads} = member;
  if (measure === 'threads') return threads;
  if (missing === 'borrowed') return 0;
  if (measure === 'regions' || measure === 'pss' || measure === 'privateDirty') return usage?.[measure];
  return member[measure];
}

/** What a family has of a measure. */
interface KinSum {
  /** Of all members; undefined if one is not known. */
  readonly total: number | undefined;
  /** Of those that are known: the family has at least this. */
  readonly least: number;
  /** Members that are not known. */
  readonly unknown: readonly Kin[];
  /** ms since the oldest reading in it; 0 for what every sample reads. */
  readonly age: number;
}

/** Adds up what the members have. A page that several of them map counts for each in all measures but PSS. */
export function kinSum({t, members}: Pick<FamilySample, 't' | 'members'>, measure: KinMeasure): KinSum {
  let least = 0;
  let age = 0;
  const unknown: Kin[] = [];
  const isRead = measure === 'pss' || measure === 'privateDirty' || measure === 'regions';
  for (const member of members) {
    const amount = kinAmount(member, measure);
    if (amount === undefined) unknown.push(member);
    else if (isRead && member.usage && amount > 0) age = Math.max(age, t - member.usage.readAt);
    least += amount ?? 0;
  }
  return {total: unknown.length === 0 ? least : undefined, least, unknown, age};
}

/** Which process a member is, whatever it runs: its PID and when it began. */
export const kinKey = ({pid, startTime}: Pick<Kin, 'pid' | 'startTime'>): string => `${pid}.${startTime}`;

/** The family of one sample as `show --children` has it. @param takenAt ISO 8601 */
export function familyOfSample({members, t}: FamilySample, takenAt: string): Family {
  return {takenAt, members: members.map((member) => memberOf(member, t)), ended: 0};
}

function memberOf(kin: Kin, t: number): Member {
  const {pid, ppid, comm, state, threads, depth, usage, rss, swap, size, missing} = kin;
  const isRead = usage?.pss !== undefined;
  return {
    pid,
    ppid,
    comm,
    state,
    threads: threads ?? 0,
    depth,
    regions: usage?.regions,
    size,
    vmRss: rss,
    ...(isRead && {usage: defined({rss, pss: usage.pss, privateDirty: usage.privateDirty, swap})}),
    ...(!isRead && {...MISSING[missing ?? 'spared']}),
    ...(isRead && t - usage.readAt >= 1000 && {note: `PSS as of ${Math.round((t - usage.readAt) / 1000)} s before`}),
  };
}

const defined = (amounts: Readonly<Record<string, number | undefined>>): Usage =>
  Object.fromEntries(Object.entries(amounts).filter(([, bytes]) => bytes !== undefined)) as Usage;

const MISSING: Readonly<Record<NonNullable<Kin['missing']>, Pick<Member, 'missing' | 'note'>>> = {
  denied: {missing: 'denied', note: 'its PSS may not be read'},
  hidden: {missing: 'denied', note: '/proc does not show it (hidepid)'},
  spared: {missing: 'spared', note: 'its PSS was not read, to spare it'},
  borrowed: {missing: 'spared', note: "it runs in its parent's memory (vfork), and is counted there"},
};

/** A sample of a family as JSON: bytes, ages in ms. What is not known is null in `totals`, absent in `members`. */
export const sampleJSON = (sample: FamilySample): Record<string, unknown> => ({
  processes: sample.members.length,
  seen: sample.seen,
  missed: sample.missed,
  orphans: sample.orphans,
  totals: Object.fromEntries(KIN_MEASURES.map((measure) => [measure, kinSum(sample, measure).total ?? null])),
  age: Math.round(kinSum(sample, 'pss').age),
  came: sample.came.map(({pid}) => pid),
  went: sample.went.map((kin) => kinJSON(kin, sample.t)),
  members: sample.members.map((kin) => kinJSON(kin, sample.t)),
});

const kinJSON = ({usage, ...kin}: Kin, t: number): Record<string, unknown> => ({
  ...kin,
  regions: usage?.regions,
  pss: usage?.pss,
  privateDirty: usage?.privateDirty,
  age: usage && Math.round(t - usage.readAt),
});
