import {hasNoAccess, isExecutable, isWritable, type Region, sizeOf} from '../model/region.ts';
import {sizeText} from '../model/amounts.ts';
import {baseName, FLAG, type Space, type Decision} from './space.ts';
import {reservationsIn} from './runtimes/runtimes.ts';
import type {Kind} from '../model/kind.ts';

const MIB = 1024 * 1024;

/**
 * What no other step recognised: code without a file, memory without access, and memory about which only its neighbours
 * say anything.
 */
export function tellRest(space: Space): void {
  for (const index of space.closed)
    if (space.isOpen(index) && space.isHeld(index)) space.tell(index, heldMemory(space.at(index)));
  tellReservations(space);
  for (const index of space.executable) if (space.isOpen(index)) space.tell(index, code(space.at(index)));
  for (const index of space.closed) if (space.isOpen(index)) space.tell(index, withoutAccess(space, index));
  if (space.hasAny(FLAG.wf)) tellWiped(space);
  tellNeighbours(space);
}

function tellWiped(space: Space): void {
  for (let index = 0; index < space.length; index++) {
    if (space.isOpen(index) && space.has(index, FLAG.wf)) space.tell(index, WIPED);
  }
}

/** Large blocks of which a program uses a part. That it is such a block says more than how much of it is free. */
function tellReservations(space: Space): void {
  for (const {from, to, size, reserved} of reservationsIn(space, 64 * MIB)) {
    if (reserved < size / 2 || reserved === size) continue;
    const evidence = `no access; a part of ${sizeText(size)} of addresses that were reserved as one block`;
    const unused: Decision = {kind: 'reserved', evidence};
    const used: Decision = {
      kind: 'anon',
      label: `in use, of ${sizeText(size)} reserved`,
      evidence: `no file and no name; a part of ${sizeText(size)} of addresses that were reserved as one block`,
      // With flags, what runtimes reserve was recognised before.
      confidence: space.hasFlags(from) ? undefined : 'guess',
    };
    for (let index = from; index < to; index++) {
      const region = space.at(index);
      if (isExecutable(region)) continue;
      space.tell(index, hasNoAccess(region) ? unused : used);
    }
  }
}

/**
 * PROT_NONE. With MAP_NORESERVE, or if larger than 1 MiB, it is kept for later; a small piece next to memory in use is
 * a guard.
 */
function withoutAccess(space: Space, index: number): Decision {
  if (space.has(index, FLAG.nr)) return KEPT;
  if (space.end[index]! - space.start[index]! > MIB) return LARGE;
  return space.touchesBelow(index) || space.touchesAbove(index) ? GUARD : ALONE;
}

/** A region without access that costs memory is not a guard, and was not only reserved. */
const heldMemory = ({usage}: Region): Decision => ({
  kind: 'anon',
  label: 'closed, and still in memory',
  evidence:
    `no access, and yet ${sizeText((usage?.rss ?? 0) + (usage?.swap ?? 0))} of it are in memory: ` +
    `it was used before`,
});

/** pmap prints [ anon ] for the vdso too, which is a few pages that may be read and executed. */
function code(region: Region): Decision {
  if (region.inode !== '') return CODE;
  return !isWritable(region) && sizeOf(region) <= 16 * 1024 ? MAY_BE_VDSO : MAY_BE_CODE;
}

const MAY_BE_VDSO: Decision = {
  kind: 'vdso',
  evidence: 'a few executable pages without a name, in a listing that lacks names',
  confidence: 'guess',
};
const MAY_BE_CODE: Decision = {
  kind: 'jit',
  evidence: 'executable, and without a name, in a listing that lacks names',
  confidence: 'guess',
};
const CODE: Decision = {kind: 'jit', evidence: 'executable, and not from a file: it was made while the program ran'};
const KEPT: Decision = {kind: 'reserved', evidence: 'no access, and VmFlags has nr (MAP_NORESERVE)'};
const LARGE: Decision = {kind: 'reserved', evidence: 'no access, and larger than a guard'};
const GUARD: Decision = {
  kind: 'guard',
  evidence: 'no access, small, and it touches memory in use',
  confidence: 'guess',
};
const ALONE: Decision = {kind: 'guard', evidence: 'no access, and small', confidence: 'guess'};
const WIPED: Decision = {
  kind: 'anon',
  label: 'wiped on fork: secrets, such as the state of a random number generator',
  evidence: 'VmFlags has wf (MADV_WIPEONFORK)',
};

const EVIDENCE = 'no file and no name, and neither its flags nor its shape tell more';
/** Runtimes and allocators are known by MAP_NORESERVE (`nr`), and stacks by the threads' pointers. */
const WITHOUT_FLAGS = 'no file and no name, and its flags, which may tell more, are not known';
/** The brk heap, for one, has no name there. */
const NAMELESS = 'no name, in a listing that lacks names: the heap may be called so too';

/**
 * Anonymous memory whose purpose can't be told: it gets the names of what is below and above it. Whatever programs map
 * themselves, large blocks of malloc and what the dynamic linker needs are among this.
 */
function tellNeighbours(space: Space): void {
  const {regions, length} = space;
  const {verdict: verdicts, tables} = regions;
  const told = space.told;
  /** By the number of a verdict: is it something that has a name? What is told here is not. */
  const saysMuch = tables.verdicts.map(({kind}, number) => number !== 0 && !SAYS_LITTLE.has(kind));
  const saysMuchAt = (place: number): boolean => saysMuch[verdicts[told[place]!]!] === true;
  const hasFlags = space.hasAny(FLAG.known);
  let below = '';
  let verdict = 0;
  let hadFlags = false;
  for (let place = 0, above = 0, from = 0; place <= told.length; place++) {
    const to = told[place] ?? length;
    // Between two regions of which something was decided all get the same, or what those with flags and others get.
    for (let end; from < to; from = end) {
      if (verdict === 0 || space.hasFlags(from) !== hadFlags) {
        hadFlags = space.hasFlags(from);
        above = Math.max(above, place);
        while (above < told.length && !saysMuchAt(above)) above++;
        const label = placeText(below, above < told.length ? nameOf(space.at(told[above]!)) : '');
        const isNameless = regions.backingAt(from).inode === '';
        verdict = tables.verdictOf(isNameless ? namelessOf(label) : verdictOf(label, hadFlags));
      }
      end = hasFlags ? from + 1 : to;
      while (end < to && space.hasFlags(end) === hadFlags) end++;
      verdicts.fill(verdict, from, end);
    }
    if (place < told.length && saysMuchAt(place)) {
      below = nameOf(space.at(to));
      verdict = 0;
    }
    from = to + 1;
  }
}

/** Equal texts are the same string from look to look: comparing two of them then takes no time. */
type Verdicts = Map<string | undefined, Decision>;
const TOLD: Verdicts = new Map();
const GUESSED: Verdicts = new Map();
const MOST_VERDICTS = 1000;

function verdictOf(label: string | undefined, hasFlags: boolean): Decision {
  const verdicts = hasFlags ? TOLD : GUESSED;
  let verdict = verdicts.get(label);
  if (!verdict) {
    if (verdicts.size >= MOST_VERDICTS) verdicts.clear();
    verdict = hasFlags
      ? {kind: 'anon', label, evidence: EVIDENCE}
      : {kind: 'anon', label, evidence: WITHOUT_FLAGS, confidence: 'guess'};
    verdicts.set(label, verdict);
  }
  return verdict;
}

const namelessOf = (label: string | undefined): Decision => ({
  kind: 'anon',
  label,
  evidence: NAMELESS,
  confidence: 'guess',
});

/** The kinds that there may be between a region and the next thing that has a name. */
const SAYS_LITTLE: ReadonlySet<Kind> = new Set(['guard', 'reserved', 'anon']);

function placeText(below: string, above: string): string | undefined {
  if (below && above) return `between ${below} and ${above}`;
  if (below || above) return below ? `above ${below}` : `below ${above}`;
  return undefined;
}

function nameOf({name, label, kind}: Region): string {
  if (name.startsWith('[')) return name;
  return label ?? (name === '' ? kind : baseName(name));
}
