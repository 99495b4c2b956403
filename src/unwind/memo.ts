import type {Machine} from './machine.ts';
import type {Sample} from './stack.ts';
import type {Walk} from './walk.ts';

/** A walk, and what made it come out so. */
interface Entry {
  readonly version: number;
  readonly registers: ReadonlyArray<readonly [register: number, value: number]>;
  /** Offsets of the words that were read, and what they were: the low half, then the high one. */
  readonly places: Int32Array;
  readonly halves: Int32Array;
  readonly walk: Walk;
}

/** Walks that come from the same pc and sp: as many ways lead to one call. */
const MOST_WAYS = 8;
/** Words of all entries together: about 12 bytes each. */
const MOST_WORDS = 1_000_000;

/**
 * Walks that were made, to be found again. A walk depends on the code that is mapped, pc, sp, the registers that it
 * asked for and the words that it read, and on nothing else: where these are the same, so is the stack.
 */
export class Memo {
  readonly #machine: Machine;
  /** By pc, then by sp. */
  #known = new Map<number, Map<number, Entry[]>>();
  #words = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** The walk that this sample would come to, where it is known. @param version of the space */
  find(version: number, sample: Sample): Walk | undefined {
    const {registers, stack} = sample;
    const entries = this.#known.get(sample.pc)?.get(registers[this.#machine.stackPointer]!);
    if (!entries) return undefined;
    const view = new DataView(stack.buffer, stack.byteOffset, stack.length);
    return entries.find(
      (entry) =>
        entry.version === version &&
        entry.registers.every(([register, value]) => Object.is(registers[register] ?? NaN, value)) &&
        isSame(entry, view),
    )?.walk;
  }

  /** Keeps a walk. One that came to the end of the copied stack depends on its length too, and isn't kept. */
  keep(version: number, sample: Sample, walk: Walk): void {
    if (walk.end === 'cut' || walk.sites.length === 0) return;
    const sp = sample.registers[this.#machine.stackPointer]!;
    const entry = entryOf(version, sample, walk);
    if (this.#words > MOST_WORDS) {
      this.#known = new Map();
      this.#words = 0;
    }
    this.#words += entry.places.length + walk.sites.length + 32;
    const {pc} = sample;
    let ways = this.#known.get(pc);
    if (!ways) this.#known.set(pc, (ways = new Map()));
    const entries = ways.get(sp);
    if (!entries) ways.set(sp, [entry]);
    else {
      entries.unshift(entry);
      if (entries.length > MOST_WAYS) entries.pop();
    }
  }
}

function entryOf(version: number, {registers, stack}: Sample, walk: Walk): Entry {
  const places = Int32Array.from(new Set(walk.reads));
  const halves = new Int32Array(places.length * 2);
  const view = new DataView(stack.buffer, stack.byteOffset, stack.length);
  for (const [index, place] of places.entries()) {
    halves[index * 2] = view.getInt32(place, true);
    halves[index * 2 + 1] = view.getInt32(place + 4, true);
  }
  return {
    version,
    registers: Array.from(walk.asked, (register) => [register, registers[register] ?? NaN] as const),
    places,
    halves,
    walk,
  };
}

function isSame({places, halves}: Entry, view: DataView): boolean {
  for (let index = 0; index < places.length; index++) {
    const at = places[index]!;
    if (at + 8 > view.byteLength) return false;
    if (view.getInt32(at, true) !== halves[index * 2] || view.getInt32(at + 4, true) !== halves[index * 2 + 1])
      return false;
  }
  return true;
}
