import {sizeText} from '../../model/amounts.ts';
import {hasNoAccess, isExecutable} from '../../model/region.ts';
import {FLAG, type Space, type Decision} from '../space.ts';
import {type Reservation, reservationsIn, runs} from './runtimes.ts';

const KIB = 1024;
const GIB = 1024 ** 3;
const TIB = 1024 * GIB;

/**
 * V8 gives hints in the lower 46 bits, far below where the kernel itself begins to map (base/platform,
 * GetRandomMmapAddr).
 */
const HIGHEST_HINT = 2 ** 46;

/**
 * V8's memory, in programs that contain V8: chunks at a multiple of 256 KiB, at random addresses (Node), or inside a
 * reservation, the sandbox or the cage (Chromium); and the reservation for the code that it makes. V8 maps with
 * MAP_NORESERVE, which hardly anything else but malloc's arenas does.
 */
export function tellV8(space: Space): void {
  if (!runs(space, 'V8')) return;
  for (const reservation of reservationsIn(space, 512 * KIB)) tellReservation(space, reservation);
  for (let index = 0; index < space.length; index++) {
    if (!space.isOpen(index) || !isChunk(space, index)) continue;
    const region = space.at(index);
    space.tell(index, isExecutable(region) ? CODE : hasNoAccess(region) ? FREE_CHUNK : CHUNK);
  }
}

function tellReservation(space: Space, reservation: Reservation): void {
  const {size, hasCode} = reservation;
  const [from, to] = withoutNeighbours(space, reservation);
  if (!hasCode && !isV8s(space, reservation)) return;
  const where = hasCode
    ? "V8's code range"
    : size >= TIB
      ? "V8's sandbox"
      : size >= GIB
        ? 'a heap of V8 or Blink'
        : "V8's memory";
  const evidence = `its program has V8, and it belongs to ${sizeText(size)} of addresses reserved as one block`;
  const used: Decision = {kind: 'managed', label: where, evidence, confidence: 'guess'};
  const unused: Decision = {kind: 'reserved', label: `unused part of ${where}`, evidence, confidence: 'guess'};
  for (let index = from; index < to; index++) {
    const region = space.at(index);
    space.tell(index, hasNoAccess(region) ? unused : isExecutable(region) ? CODE : used);
  }
}

/** What malloc or anybody else mapped beside it touches it, and has no `nr` where V8's own has. */
function withoutNeighbours(space: Space, {from, to}: Reservation): readonly [from: number, to: number] {
  const isOther = (index: number): boolean => space.hasFlags(index) && !space.has(index, FLAG.nr);
  let [first, end] = [from, to];
  while (first < end && isOther(first)) first++;
  while (end > first && isOther(end - 1)) end--;
  return first < end ? [first, end] : [from, to];
}

/** V8's and Blink's cages begin at a multiple of their size's alignment; tables of V8 have the flag `nr`. */
function isV8s(space: Space, {from, to, size, reserved}: Reservation): boolean {
  if (space.start[from]! < GIB || reserved === size) return false;
  for (let index = from; index < to; index++) if (space.has(index, FLAG.nr)) return true;
  return size >= GIB && space.start[from]! % (GIB / 4) === 0;
}

function isChunk(space: Space, index: number): boolean {
  if (space.has(index, FLAG.nr)) return true;
  const {start} = space.at(index);
  return !space.hasFlags(index) && start % (256 * KIB) === 0 && start < HIGHEST_HINT && !space.touchesBelow(index);
}

const EVIDENCE = 'its program has V8, which maps chunks at multiples of 256 KiB, with MAP_NORESERVE';
const CHUNK: Decision = {kind: 'managed', label: "V8's heap", evidence: EVIDENCE, confidence: 'guess'};
const FREE_CHUNK: Decision = {
  kind: 'reserved',
  label: "free chunk of V8's heap",
  evidence: EVIDENCE,
  confidence: 'guess',
};
const CODE: Decision = {
  kind: 'jit',
  label: 'code made by V8',
  evidence: 'anonymous and executable, and its program has V8',
};
