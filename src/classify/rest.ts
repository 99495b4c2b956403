import {hasNoAccess, isExecutable, type Region, sizeOf} from '../model/region.ts';
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
  tellReservations(space);
  for (const index of space.executable) if (space.isOpen(index)) space.verdicts[index] = CODE;
  for (const index of space.closed) if (space.isOpen(index)) space.verdicts[index] = withoutAccess(space, index);
  if (space.hasAny(FLAG.wf)) tellWiped(space);
  tellNeighbours(space);
}

function tellWiped(space: Space): void {
  for (let index = 0; index < space.regions.length; index++) {
    if (space.isOpen(index) && space.has(index, FLAG.wf)) space.verdicts[index] = WIPED;
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
    };
    for (let index = from; index < to; index++) {
      const region = space.regions[index]!;
      if (isExecutable(region)) continue;
      space.verdicts[index] = hasNoAccess(region) ? unused : used;
    }
  }
}

/**
 * PROT_NONE. With MAP_NORESERVE, or if larger than 1 MiB, it is kept for later; a small piece next to memory in use is
 * a guard.
 */
function withoutAccess(space: Space, index: number): Decision {
  if (space.has(index, FLAG.nr)) return KEPT;
  if (sizeOf(space.regions[index]!) > MIB) return LARGE;
  return space.touchesBelow(index) || space.regions[index + 1]?.start === space.regions[index]!.end ? GUARD : ALONE;
}

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

/**
 * Anonymous memory whose purpose can't be told: it gets the names of what is below and above it. Whatever programs map
 * themselves, large blocks of malloc and what the dynamic linker needs are among this.
 */
function tellNeighbours(space: Space): void {
  const {regions, verdicts} = space;
  let below = '';
  let verdict: Decision | undefined;
  for (let index = 0, above = 0; index < regions.length; index++) {
    const known = verdicts[index];
    if (known) {
      if (!SAYS_LITTLE.has(known.kind)) {
        below = nameOf(regions[index]!, known);
        verdict = undefined;
      }
      continue;
    }
    if (!verdict) {
      above = Math.max(above, index);
      while (above < regions.length && (!verdicts[above] || SAYS_LITTLE.has(verdicts[above]!.kind))) above++;
      verdict = verdictOf(place(below, above < regions.length ? nameOf(regions[above]!, verdicts[above]!) : ''));
    }
    verdicts[index] = verdict;
  }
}

/** Equal texts are the same string from look to look: comparing two of them then takes no time. */
const VERDICTS = new Map<string | undefined, Decision>();
const MOST_VERDICTS = 1000;

function verdictOf(label: string | undefined): Decision {
  let verdict = VERDICTS.get(label);
  if (!verdict) {
    if (VERDICTS.size >= MOST_VERDICTS) VERDICTS.clear();
    VERDICTS.set(label, (verdict = {kind: 'anon', label, evidence: EVIDENCE}));
  }
  return verdict;
}

/** The kinds that there may be between a region and the next thing that has a name. */
const SAYS_LITTLE: ReadonlySet<Kind> = new Set(['guard', 'reserved', 'anon']);

function place(below: string, above: string): string | undefined {
  if (below && above) return `between ${below} and ${above}`;
  if (below || above) return below ? `above ${below}` : `below ${above}`;
  return undefined;
}

function nameOf({name}: Region, {label, kind}: Decision): string {
  if (name.startsWith('[')) return name;
  return label ?? (name === '' ? kind : baseName(name));
}
