import {extend} from './chain.ts';
import type {Machine} from './machine.ts';
import {Memo} from './memo.ts';
import {Sites} from './sites.ts';
import type {Space} from './space.ts';
import type {Sample, Stack} from './stack.ts';
import {walk} from './walk.ts';

/** Frames of a stack: more than almost any program nests, and few enough to show. */
const MOST_FRAMES = 512;

/**
 * Samples of a process → stacks. One unwinder serves all threads of a process, also after an execve(2): what it keeps
 * belongs to mappings, and is found by what it depends on.
 */
export class Unwinder {
  readonly #machine: Machine;
  readonly #most: number;
  readonly #sites = new Sites();
  readonly #memo: Memo;

  /** @param most frames of a stack */
  constructor(machine: Machine, most = MOST_FRAMES) {
    this.#machine = machine;
    this.#most = most;
    this.#memo = new Memo(machine);
  }

  /**
   * The stack of a sample. Equal samples mostly give the same object.
   *
   * @param space what was mapped at that moment; the same one for all samples of a process, so that the memo works
   */
  unwind(space: Space, sample: Sample): Stack {
    const known = this.#memo.find(space.version, sample);
    const found = known ?? walk(this.#machine, this.#sites, space, sample, this.#most);
    if (!known) this.#memo.keep(space.version, sample, found);
    const {chain} = sample;
    if (!chain || found.end === 'root' || found.end === 'limit') return found;
    return extend(this.#sites, space, found, {chain, most: this.#most});
  }
}
