import type {FlameStack} from './flame.ts';
import {Message} from './protobuf.ts';

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

/**
 * A profile for `go tool pprof`: profile.proto of github.com/google/pprof. pprof reads it compressed or not.
 *
 * @param measure what the bytes are: its only sample type
 */
export function pprof(stacks: readonly FlameStack[], measure: string): Uint8Array {
  const strings = new Places();
  const functions = new Places();
  const profile = new Message();
  profile.message(1, new Message().varint(1, strings.of(measure)).varint(2, strings.of('bytes')));
  for (const stack of stacks) {
    // The innermost comes first.
    const locations = stack.path.toReversed().map((name) => functions.of(name));
    profile.message(2, new Message().packed(1, locations).packed(2, [stack.bytes]));
  }
  const names = functions.all.map((name) => strings.of(name));
  // A location for each function, with the same number.
  for (const [id, name] of names.entries()) {
    if (id === 0) continue;
    profile.message(4, new Message().varint(1, id).message(4, new Message().varint(1, id)));
    profile.message(5, new Message().varint(1, id).varint(2, name));
  }
  for (const text of strings.all) profile.text(6, text);
  return profile.finish();
}
