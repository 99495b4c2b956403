import {reservationsIn} from './runtimes.ts';
import {hasNoAccess} from '../../model/region.ts';
import {type Space, type Decision} from '../space.ts';

/**
 * Where the Go runtime asks for its first arena on 64-bit machines, and on 64-bit Arm (runtime/malloc.go, arena hints).
 */
const FIRSTS = [0xc000000000, 0x4000000000];
const MIB = 1024 * 1024;

/**
 * Go's heap: arenas of 64 MiB from 0xc000000000 (0x4000000000) upwards, which begin without access and become writable
 * as they fill; stacks of goroutines are in it. The runtime's bookkeeping about it is in reservations near the
 * libraries, of which it uses a page here and there.
 */
export function tellGo(space: Space): void {
  const first = FIRSTS.map((address) => space.find(address)).find(
    (index) => index >= 0 && FIRSTS.includes(space.start[index]!) && space.isOpen(index),
  );
  if (first === undefined) return;
  for (let index = first; space.isOpen(index) && (index === first || space.touchesBelow(index)); index++) {
    space.tell(index, hasNoAccess(space.at(index)) ? UNUSED : HEAP);
    if (index + 1 === space.length) break;
  }
  if (isCs(space)) return;
  for (const {from, to, hasCode} of reservationsIn(space, MIB / 2)) {
    if (hasCode) continue;
    for (let index = from; index < to; index++) {
      space.tell(index, hasNoAccess(space.at(index)) ? UNUSED_NOTES : NOTES);
    }
  }
}

/** With a C library (cgo) there are also C's stacks and arenas, and these look alike. */
const isCs = (space: Space): boolean => [...space.names].some((name) => /\/(libc|ld-musl)[-.][^/]*$/.test(name));

const EVIDENCE = 'it belongs to the block at 0xc000000000 (0x4000000000 on Arm), where the Go runtime puts its heap';
const HEAP: Decision = {kind: 'managed', evidence: EVIDENCE, label: 'Go heap', confidence: 'guess'};
const UNUSED: Decision = {
  kind: 'reserved',
  evidence: EVIDENCE,
  label: 'unused part of the Go heap',
  confidence: 'guess',
};

const ITS_OWN =
  'its program is written in Go and has no C library, and it belongs to addresses that were reserved as one block';
const NOTES: Decision = {
  kind: 'managed',
  evidence: ITS_OWN,
  label: "the Go runtime's bookkeeping about its heap",
  confidence: 'guess',
};
const UNUSED_NOTES: Decision = {
  kind: 'reserved',
  evidence: ITS_OWN,
  label: "reserved for the Go runtime's bookkeeping about its heap",
  confidence: 'guess',
};
