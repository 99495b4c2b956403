import type {CowCopies} from '../../model/cow/pages.ts';
import {hex, type Region} from '../../model/region.ts';
import type {Lineage, Worker} from '../../procfs/cow/lineage.ts';
import type {CowLook, CowRow} from '../../procfs/cow/walk.ts';

/** Bytes of what one process, a kind or a region has. */
export interface CowAmounts {
  readonly shared: number;
  readonly copied: number;
  readonly siblings: number;
  readonly own: number;
}

/** Who a process is. */
export type CowProcess = Pick<Worker, 'pid' | 'comm' | 'title' | 'isForked'>;

export interface CowMember extends CowProcess, CowAmounts {}

/** A region, or all regions of a kind. Sums of what the workers have. */
export interface CowPlace extends CowAmounts {
  /** Memory that would be needed in addition if nobody shared a page: bytes. */
  readonly saved: number;
}

export interface CowRegion extends CowPlace {
  readonly region: Region;
  /** Bytes that each worker has of its own where the parent has another page, by PID. */
  readonly by: ReadonlyMap<number, number>;
}

/** What was copied in a time: bytes. */
export interface CowRate {
  readonly ms: number;
  readonly copied: number;
  readonly byPid: ReadonlyMap<number, number>;
  readonly regions: ReadonlyArray<{readonly region: Region; readonly copied: number}>;
  /** The processes of the family that ended meanwhile, or began another program: what they copied is not known. */
  readonly ended: readonly number[];
}

/** A parent and its workers, and what they share; or processes that have no parent among them. */
export interface Cow {
  readonly at: string;
  /** undefined: its members began apart, and are compared with each other. */
  readonly parent:
    | (CowProcess & {
        /** Bytes of its pages that a worker has too, and of those that none has. */
        readonly shared: number;
        readonly alone: number;
      })
    | undefined;
  readonly members: readonly CowMember[];
  readonly kinds: ReadonlyMap<string, CowPlace>;
  /** Those in which there is anything, what the workers have most of first. */
  readonly regions: readonly CowRegion[];
  readonly saved: number;
  /** Page frames were compared. Else the kernel said only how often a page is mapped, not by whom. */
  readonly isExact: boolean;
  /** Bytes in swap of which nothing is known. */
  readonly swapped: number;
  readonly others: Lineage['others'];
  readonly borrowed: readonly number[];
  readonly denied: readonly number[];
  readonly origin: Lineage['origin'];
  readonly ms: number;
  readonly rate?: CowRate | undefined;
  /** Members that ended while they were read, or the parent did. */
  readonly ended: number;
  readonly isParentCut: boolean;
}

/** A family that has no members. */
export function cowAlone(lineage: Lineage, ms: number): Cow {
  const {parent, others, borrowed, denied, origin} = lineage;
  return {
    at: new Date().toISOString(),
    parent: {...whoIs(parent), shared: 0, alone: 0},
    members: [],
    kinds: new Map(),
    regions: [],
    saved: 0,
    isExact: true,
    swapped: 0,
    others,
    borrowed,
    denied,
    origin,
    ms,
    ended: 0,
    isParentCut: false,
  };
}

export const whoIs = ({pid, comm, title, isForked}: Worker): CowProcess => ({pid, comm, title, isForked});

/** What a look says. @param ms that it took */
export function cowOf(lineage: Lineage, look: CowLook, ms: number, rate?: CowRate): Cow {
  const {pageSize, rows, isExact, isCut} = look;
  const bytes = (pages: number): number => pages * pageSize;
  const sum = (of: (row: CowRow) => number): number => bytes(rows.reduce((all, row) => all + of(row), 0));
  const here = lineage.members
    .map((worker, index) => ({worker, number: index + 1}))
    .filter(({number}) => !isCut[number]);
  const members = here.map(({worker, number}): CowMember => ({
    ...whoIs(worker),
    shared: sum(({counts}) => counts.shared[number]!),
    copied: sum(({counts}) => counts.copied[number]!),
    siblings: sum(({counts}) => counts.siblings[number]!),
    own: sum(({counts}) => counts.own[number]!),
  }));
  const regions = rows
    .map((row) => regionOf(row, here, bytes))
    .filter(({shared, copied, siblings, own}) => shared + copied + siblings + own > 0)
    .sort((a, b) => sizeOfAll(b) - sizeOfAll(a) || a.region.start - b.region.start);
  return {
    ...cowAlone(lineage, ms),
    parent: {
      ...whoIs(lineage.parent),
      shared: sum(({counts}) => counts.parentShared),
      alone: sum(({counts}) => counts.parentAlone),
    },
    members,
    kinds: kindsOf(regions),
    regions,
    saved: sum(({counts}) => counts.saved),
    isExact,
    swapped: bytes(look.swapped),
    rate,
    ended: lineage.members.length - members.length,
    isParentCut: isCut[0]!,
  };
}

export const sizeOfAll = ({shared, copied, siblings, own}: CowAmounts): number => shared + copied + siblings + own;

function regionOf(
  {region, counts}: CowRow,
  here: ReadonlyArray<{readonly worker: Worker; readonly number: number}>,
  bytes: (pages: number) => number,
): CowRegion {
  const all = (pages: readonly number[]): number => bytes(here.reduce((sum, {number}) => sum + pages[number]!, 0));
  const by = here.map(({worker, number}): [number, number] => [worker.pid, bytes(counts.copied[number]!)]);
  return {
    region,
    shared: all(counts.shared),
    copied: all(counts.copied),
    siblings: all(counts.siblings),
    own: all(counts.own),
    saved: bytes(counts.saved),
    by: new Map(by.filter(([, copied]) => copied > 0)),
  };
}

export function kindsOf(regions: readonly CowRegion[]): Map<string, CowPlace> {
  const kinds = new Map<string, CowPlace>();
  for (const {region, shared, copied, siblings, own, saved} of regions) {
    const before = kinds.get(region.kind) ?? {shared: 0, copied: 0, siblings: 0, own: 0, saved: 0};
    kinds.set(region.kind, {
      shared: before.shared + shared,
      copied: before.copied + copied,
      siblings: before.siblings + siblings,
      own: before.own + own,
      saved: before.saved + saved,
    });
  }
  return new Map([...kinds].sort(([, a], [, b]) => sizeOfAll(b) - sizeOfAll(a)));
}

/** What was copied from one look to another. @param ended PIDs of those that were not there any more */
export function rateOf(
  {parent, members}: Lineage,
  pageSize: number,
  copies: ReadonlyMap<CowRow, CowCopies>,
  ms: number,
  ended: readonly number[],
): CowRate {
  const all = [parent, ...members];
  const byPid = new Map<number, number>();
  const regions = [...copies].map(([{region}, {by, unknown}]) => {
    for (const [number, pages] of by.entries())
      if (pages > 0) byPid.set(all[number]!.pid, (byPid.get(all[number]!.pid) ?? 0) + pages * pageSize);
    return {region, copied: (by.reduce((sum, pages) => sum + pages, 0) + unknown) * pageSize};
  });
  const moved = regions.filter(({copied}) => copied > 0).sort((a, b) => b.copied - a.copied);
  return {ms, copied: moved.reduce((sum, {copied}) => sum + copied, 0), byPid, regions: moved, ended};
}

/** Bytes a minute. */
export const perMinute = ({copied, ms}: CowRate): number => Math.round((copied / ms) * 60_000);

/** The document `memmap.cow/1`. @param notes a sentence each */
export function cowJSON(cow: Cow, notes: readonly string[]): object {
  const {parent, rate} = cow;
  return {
    schema: 'memmap.cow/1',
    at: cow.at,
    parent: parent ? {...processJSON(parent), shared: parent.shared, alone: parent.alone} : null,
    members: cow.members.map((member) => ({...processJSON(member), forked: member.isForked, ...amounts(member)})),
    kinds: Object.fromEntries([...cow.kinds].map(([kind, place]) => [kind, placeJSON(place)])),
    regions: cow.regions.map((place) => ({
      range: rangeJSON(place.region),
      name: place.region.name,
      kind: place.region.kind,
      label: place.region.label,
      ...placeJSON(place),
      by: Object.fromEntries(place.by),
    })),
    saved: cow.saved,
    exact: cow.isExact,
    rate: rate && {
      copiedPerMin: perMinute(rate),
      copied: rate.copied,
      ms: Math.round(rate.ms),
      by: Object.fromEntries(rate.byPid),
      regions: rate.regions.map(({region, copied}) => ({
        range: rangeJSON(region),
        name: region.name,
        kind: region.kind,
        copied,
      })),
      ended: rate.ended,
    },
    others: cow.others,
    denied: cow.denied,
    cost: {ms: Math.round(cow.ms)},
    notes,
  };
}

const processJSON = ({pid, comm, title}: CowProcess): object => ({pid, comm, title: title ?? null});

const amounts = ({shared, copied, siblings, own}: CowAmounts): CowAmounts => ({shared, copied, siblings, own});

const placeJSON = (place: CowPlace): CowPlace => ({...amounts(place), saved: place.saved});

const rangeJSON = ({start, end}: Region): object => ({start: hex(start), end: hex(end)});
