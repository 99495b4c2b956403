import type {Machine} from './machine.ts';
import type {Row} from './program.ts';
import {isCaller, type Site, type Sites} from './sites.ts';
import type {Space} from './space.ts';
import type {End, How, Sample, Stack} from './stack.ts';
import {State} from './state.ts';

/** A stack, and what it depends on besides the code: words of the copied stack, and registers of the sample. */
export interface Walk extends Stack {
  readonly sites: readonly Site[];
  /** Offsets of words of 8 bytes. */
  readonly reads: readonly number[];
  readonly asked: ReadonlySet<number>;
}

/** How one step went: on to the caller's pc, or the end. */
type Step = number | End;

/**
 * Goes from the innermost frame outwards: by the rules of the file that the code is in, and by the frame pointer where
 * there are none, as in code that a JIT compiler made.
 *
 * @param most frames
 */
export function walk(machine: Machine, sites: Sites, space: Space, sample: Sample, most: number): Walk {
  const state = new State(machine, sample);
  const found: Site[] = [];
  const used = new Set<How>();
  let end: End = 'limit';
  let pc = sample.pc;
  let isReturn = false;
  let isGuess = false;
  while (found.length < most) {
    const site = sites.at(space, pc, isReturn);
    // Nothing is called from 0: the outermost frame of a thread has it where others have the return address.
    if (!site || (isGuess && !isCaller(site))) {
      end = pc === 0 && found.length > 0 ? 'root' : 'no-unwind-info';
      break;
    }
    found.push(site);
    if (site.isStart) {
      end = 'root';
      break;
    }
    if (site.frame.isSwitch) {
      end = 'no-unwind-info';
      break;
    }
    const isInnermost = !isReturn;
    const {row} = site;
    const step = row ? byRules(state, row, isInnermost, pc) : site.keepsPointer ? byPointer(state) : 'no-unwind-info';
    if (typeof step === 'string') {
      end = step;
      break;
    }
    used.add(row ? 'dwarf' : 'frame-pointer');
    isGuess = !row;
    isReturn = !row?.isSignal;
    pc = step;
  }
  const frames = found.map(({frame}) => frame);
  return {frames, end, how: howOf(used), sites: found, reads: state.reads, asked: state.asked};
}

/** One frame alone needed no step: what is known of it the sample says. */
const howOf = (used: ReadonlySet<How>): How =>
  used.size > 1 ? 'mixed' : used.has('frame-pointer') ? 'frame-pointer' : 'dwarf';

function byRules(state: State, row: Row, isInnermost: boolean, pc: number): Step {
  const sp = state.stackPointer;
  state.isOutside = false;
  const cfa = state.frameAddress(row.cfa);
  const failed = (): End => (state.isOutside ? 'cut' : 'no-unwind-info');
  if (Number.isNaN(cfa)) return failed();
  const next = state.returnAddress(row, cfa);
  if (next === undefined) return 'root';
  if (Number.isNaN(next)) return failed();
  state.unwind(row, cfa, next);
  // Each frame is above the one that it called. A leaf may have none of its own, and a signal's may be elsewhere.
  const moved = state.stackPointer - sp;
  if (row.isSignal || moved > 0 || (isInnermost && moved === 0 && next !== pc)) return next;
  return Number.isNaN(moved) && !isInnermost ? next : 'no-unwind-info';
}

function byPointer(state: State): Step {
  state.isOutside = false;
  const next = state.unwindByPointer();
  return Number.isNaN(next) ? (state.isOutside ? 'cut' : 'no-unwind-info') : next;
}
