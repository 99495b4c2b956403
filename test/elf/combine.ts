/* Ways to make many forms out of few lists. */

/** Something with the name that assemblers give it. */
export type Named<T> = readonly [text: string, value: T];

/** Each of the first with each of the second. */
export function all<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  return first.flatMap((a) => second.map((b): [A, B] => [a, b]));
}

/** Each of the first with one of the second, in turn: as many pairs as the longer of the two has. */
export function inTurn<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  const count = Math.max(first.length, second.length);
  return Array.from({length: count}, (_, i) => [first[i % first.length] as A, second[i % second.length] as B]);
}

/** Three of the list at a time, so that each is in each of the three places five times, beside others. */
export function triples<T>(list: readonly T[]): [T, T, T][] {
  const n = list.length;
  return all([...list.keys()], [0, 1, 2, 3, 4]).map(([i, k]) => [
    list[i] as T,
    list[(i * 3 + k * 5 + k) % n] as T,
    list[(i * 7 + k * 11 + 3) % n] as T,
  ]);
}

/** Those exports of a module that are registers, under their names. */
export function registersOf<R extends {kind: 'register'}>(module: object): Named<R>[] {
  return Object.entries(module as Record<string, unknown>).filter(
    (entry): entry is [string, R] => (entry[1] as {kind?: string}).kind === 'register',
  );
}
