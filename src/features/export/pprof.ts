import type {FlameStack} from '../cause/flame.ts';
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

/** What the values of a profile are: its sample types. */
interface SampleType {
  readonly name: string;
  readonly unit: string;
}

/** A stack, from the outermost entry inwards, and its value of each type. */
interface ProfileSample {
  readonly path: readonly string[];
  readonly values: readonly number[];
}

/** A profile of bytes by call stack. @param measure what the bytes are: its only sample type */
export const pprof = (stacks: readonly FlameStack[], measure: string): Uint8Array =>
  profileOf(
    [{name: measure, unit: 'bytes'}],
    stacks.map(({path, bytes}) => ({path, values: [bytes]})),
  );

/**
 * A profile for `go tool pprof`: profile.proto of github.com/google/pprof. pprof reads it compressed or not, and shows
 * the last sample type unless it is told another one.
 */
export function profileOf(types: readonly SampleType[], samples: readonly ProfileSample[]): Uint8Array {
  const strings = new Places();
  const functions = new Places();
  const profile = new Message();
  for (const {name, unit} of types)
    profile.message(1, new Message().varint(1, strings.of(name)).varint(2, strings.of(unit)));
  for (const {path, values} of samples) {
    // The innermost comes first.
    const locations = path.toReversed().map((name) => functions.of(name));
    profile.message(2, new Message().packed(1, locations).packed(2, values));
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
