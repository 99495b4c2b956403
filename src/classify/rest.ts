import {sizeOf} from '../model/region.ts';
import {sizeText} from '../model/size.ts';
import {FLAG} from './flags.ts';
import {tellNeighbours} from './neighbours.ts';
import {reservationsIn} from './reservations.ts';
import {hasNoAccess, isExecutable, type Space, type Verdict} from './space.ts';

const MIB = 1024 * 1024;

/** What nobody knew: code without a file, memory without access, and the memory of which only the neighbours tell anything. */
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

/** Large blocks of which a program uses a part. How much of one is free tells less than that it is one. */
function tellReservations(space: Space): void {
  for (const {from, to, size, reserved} of reservationsIn(space, 64 * MIB)) {
    if (reserved < size / 2 || reserved === size) continue;
    const evidence = `no access; a part of ${sizeText(size)} of addresses that were set aside as one`;
    const unused: Verdict = {kind: 'reserved', evidence};
    const used: Verdict = {kind: 'anon', label: `in use, of ${sizeText(size)} that were set aside`, evidence: `no file and no name; a part of ${sizeText(size)} of addresses that were set aside as one`}; // prettier-ignore
    for (let index = from; index < to; index++) {
      const region = space.regions[index]!;
      if (isExecutable(region)) continue;
      space.verdicts[index] = hasNoAccess(region) ? unused : used;
    }
  }
}

/** PROT_NONE. With MAP_NORESERVE or of more than 1 MiB it is kept for later; a little beside memory in use is a guard. */
function withoutAccess(space: Space, index: number): Verdict {
  if (space.has(index, FLAG.nr)) return KEPT;
  if (sizeOf(space.regions[index]!) > MIB) return LARGE;
  return space.touchesBelow(index) || space.regions[index + 1]?.start === space.regions[index]!.end ? GUARD : ALONE;
}

const CODE: Verdict = {kind: 'jit', evidence: 'executable, and from no file: it was made while the program ran'};
const KEPT: Verdict = {kind: 'reserved', evidence: 'no access, and VmFlags has nr (MAP_NORESERVE)'};
const LARGE: Verdict = {kind: 'reserved', evidence: 'no access, and larger than a guard'};
const GUARD: Verdict = {kind: 'guard', evidence: 'no access, small, and it touches memory in use', confidence: 'guess'};
const ALONE: Verdict = {kind: 'guard', evidence: 'no access, and small', confidence: 'guess'};
const WIPED: Verdict = {kind: 'anon', label: 'wiped on fork: secrets, such as the state of a random number generator', evidence: 'VmFlags has wf (MADV_WIPEONFORK)'}; // prettier-ignore
