import {firstWhere} from '../model/search.ts';
import {latin1, utf8} from './scan.ts';

/** A function that a JIT compiler made: addresses of the process. */
interface JitFunction {
  readonly name: string;
  readonly start: number;
  /** Bytes. */
  readonly size: number;
}

/** One huge entry could make each search long: at most this many entries are asked. */
const MOST_ASKED = 10_000;

/**
 * What a runtime tells of the code that it makes: /tmp/perf-PID.map, a line of start, size (both hex) and name for each
 * function (tools/perf/Documentation/jit-interface.txt of Linux). V8 writes it with --perf-basic-prof, and says
 * --interpreted-frames-native-stack to have interpreted functions in it; CPython 3.12 and later with -X perf. The file
 * grows: a later line that overlaps an earlier one is true.
 */
export class PerfMap {
  readonly #functions: JitFunction[] = [];
  /** Bytes of a line whose end is not there yet. */
  #rest: Uint8Array = new Uint8Array();
  #index: Index | undefined;

  /** Adds what was written since the last time; a line may come in two parts. */
  add(bytes: Uint8Array): void {
    let text = bytes;
    if (this.#rest.length > 0) {
      text = new Uint8Array(this.#rest.length + bytes.length);
      text.set(this.#rest);
      text.set(bytes, this.#rest.length);
    }
    let from = 0;
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, from)) {
      const found = functionOf(text.subarray(from, end));
      if (found) this.#functions.push(found);
      from = end + 1;
    }
    this.#rest = text.slice(from);
    this.#index = undefined;
  }

  /** How many functions were told. */
  get size(): number {
    return this.#functions.length;
  }

  /** The function that was last told to contain an address. */
  at(address: number): JitFunction | undefined {
    this.#index ??= indexOf(this.#functions);
    const {order, reach} = this.#index;
    let newest = -1;
    const last = firstWhere((place) => this.#functions[order[place]!]!.start > address, order.length) - 1;
    for (let place = last; place >= 0 && reach[place]! > address; place--) {
      if (last - place > MOST_ASKED) return undefined;
      const index = order[place]!;
      const {start, size} = this.#functions[index]!;
      if (index > newest && address < start + size) newest = index;
    }
    return this.#functions[newest];
  }
}

/** Functions by where they start, and how far those up to each one reach. */
interface Index {
  readonly order: Uint32Array;
  readonly reach: Float64Array;
}

function indexOf(functions: readonly JitFunction[]): Index {
  const order = Uint32Array.from(functions.keys()).sort((a, b) => functions[a]!.start - functions[b]!.start);
  const reach = new Float64Array(order.length);
  let most = 0;
  for (const [place, index] of order.entries()) {
    const {start, size} = functions[index]!;
    reach[place] = most = Math.max(most, start + size);
  }
  return {order, reach};
}

function functionOf(line: Uint8Array): JitFunction | undefined {
  const numbers = /^(?:0x)?([0-9a-f]{1,16}) (?:0x)?([0-9a-f]{1,16}) /i.exec(latin1(line, 0, Math.min(line.length, 48)));
  if (!numbers) return undefined;
  const [start, size] = [Number.parseInt(numbers[1]!, 16), Number.parseInt(numbers[2]!, 16)];
  const name = utf8(line.subarray(numbers[0].length));
  if (!Number.isSafeInteger(start + size) || size === 0 || name === '') return undefined;
  return {name, start, size};
}
