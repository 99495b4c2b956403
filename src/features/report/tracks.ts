import type {Kind} from '../../model/kind.ts';
import type {Region} from '../../model/region.ts';
import type {Seen} from './seen.ts';

/** A region for as long as its borders, permissions, name and kind stay the same. */
export interface Stay {
  readonly start: number;
  readonly end: number;
  readonly perms: string;
  readonly kind: Kind;
  /** What it is called: its label, or else the kernel's name for it. */
  readonly name: string;
  /** Two stays of one track are one region that grew, shrank or changed otherwise. */
  readonly track: number;
  /** The look at which it was first seen. */
  readonly from: number;
  /** The look at which it was no longer seen. */
  readonly to: number;
  /** Resident bytes where they changed: look, bytes, look, bytes, … Empty if smaps was never read. */
  readonly rss: readonly number[];
}

interface Open {
  region: Region;
  readonly stay: {-readonly [key in keyof Stay]: Stay[key]} & {rss: number[]};
}

/** Follows each region from its first look to its last. */
export class Tracks {
  readonly stays: Stay[] = [];
  #open: Open[] = [];
  #regions: readonly Region[] | undefined;
  #tracks = 0;

  take({moment, snapshot}: Seen): void {
    const {regions} = snapshot;
    if (regions === this.#regions) return;
    this.#regions = regions;
    const before = moment.event === 'exec' ? [] : this.#open;
    if (moment.event === 'exec') for (const open of this.#open) open.stay.to = moment.index;
    const {open, ended, begun} = this.#match(before, regions, moment.index);
    inherit(ended, begun);
    for (const {stay} of begun) {
      if (stay.track < 0) stay.track = this.#tracks++;
      this.stays.push(stay);
    }
    this.#open = open;
  }

  /** What is still there ends with the recording. */
  close(looks: number): void {
    for (const {stay} of this.#open) stay.to = looks;
  }

  /** One walk over both, which ascend. */
  #match(
    before: readonly Open[],
    regions: readonly Region[],
    look: number,
  ): {open: Open[]; ended: Open[]; begun: Open[]} {
    const open: Open[] = [];
    const ended: Open[] = [];
    const begun: Open[] = [];
    let at = 0;
    for (const region of regions) {
      while (at < before.length && before[at]!.stay.start < region.start) ended.push(end(before[at++]!, look));
      const old = before[at];
      if (old && old.stay.start === region.start && isSame(old, region)) {
        at++;
        if (old.region !== region) note(old, region, look);
        open.push(old);
      } else {
        const fresh = begin(region, look);
        begun.push(fresh);
        open.push(fresh);
      }
    }
    for (; at < before.length; at++) ended.push(end(before[at]!, look));
    return {open, ended, begun};
  }
}

const nameOf = (region: Region): string => region.label ?? region.name;

const isSame = ({region, stay}: Open, next: Region): boolean =>
  region === next ||
  (stay.end === next.end && stay.perms === next.perms && stay.kind === next.kind && stay.name === nameOf(next));

function begin(region: Region, look: number): Open {
  const {start, end: last, perms, kind} = region;
  const stay = {
    start,
    end: last,
    perms,
    kind,
    name: nameOf(region),
    track: -1,
    from: look,
    to: look,
    rss: [] as number[],
  };
  const open = {region, stay};
  note(open, region, look);
  return open;
}

function end(open: Open, look: number): Open {
  open.stay.to = look;
  return open;
}

function note(open: Open, region: Region, look: number): void {
  open.region = region;
  const rss = region.usage?.rss;
  if (rss !== undefined && rss !== open.stay.rss.at(-1)) open.stay.rss.push(look, rss);
}

/** A region that begins where one of the same name ended, on some of the same bytes, is that region: it grew or shrank. Labels don't count: they speak of neighbours too. */
function inherit(ended: readonly Open[], begun: readonly Open[]): void {
  const taken = new Set<Open>();
  let at = 0;
  for (const {stay, region} of begun) {
    while (at < ended.length && ended[at]!.stay.end <= stay.start) at++;
    for (let index = at; index < ended.length && ended[index]!.stay.start < stay.end; index++) {
      const old = ended[index]!;
      if (taken.has(old) || old.region.name !== region.name) continue;
      taken.add(old);
      stay.track = old.stay.track;
      break;
    }
  }
}
