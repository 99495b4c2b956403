import type {FlameStack} from '../cause/flame.ts';

/*
 * A profile for `go tool pprof`: profile.proto of github.com/google/pprof, in the wire format of Protocol Buffers.
 * pprof reads it compressed or not.
 */

/** A number, seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

const LENGTH = 2;

const number = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];
const bytes = (field: number, value: Iterable<number>): number[] => {
  const all = [...value];
  return [...varint((field << 3) | LENGTH), ...varint(all.length), ...all];
};

/** Strings by their places in the profile; the first is ''. */
class Places {
  readonly all: string[] = [''];
  readonly #known = new Map([['', 0]]);

  of(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, this.all.length);
    return this.all.push(text) - 1;
  }
}

/** @param measure what the bytes are: its only sample type */
export function pprof(stacks: readonly FlameStack[], measure: string): Uint8Array {
  const strings = new Places();
  const functions = new Places();
  const type = [...number(1, strings.of(measure)), ...number(2, strings.of('bytes'))];
  const samples = stacks.map((stack) => {
    // The innermost comes first.
    const locations = stack.path.toReversed().flatMap((name) => varint(functions.of(name)));
    return bytes(2, [...bytes(1, locations), ...bytes(2, varint(stack.bytes))]);
  });
  const names = functions.all.map((name) => strings.of(name));
  // A location for each function, with the same number.
  const places = names.flatMap((name, id) =>
    id === 0
      ? []
      : [bytes(4, [...number(1, id), ...bytes(4, number(1, id))]), bytes(5, [...number(1, id), ...number(2, name)])],
  );
  const texts = strings.all.map((text) => bytes(6, new TextEncoder().encode(text)));
  return Uint8Array.from([bytes(1, type), ...samples, ...places, ...texts].flat());
}
