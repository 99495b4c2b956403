/* What a listing shows: each instruction with its bytes, how one writes it, and what it is for. */

/** What may stand beside an instruction in a listing. It changes nothing of what is assembled. */
export interface Remarks {
  /** How one writes it: `mov rax, 12`. */
  readonly text?: string;
  /** What it is for, and what follows it. */
  readonly words?: string;
}

/** One instruction of a listing, or the name of what follows. */
export interface Line extends Remarks {
  readonly address: number;
  /** Empty for a name. */
  readonly bytes: Uint8Array;
  readonly name?: string;
}

/** Blocks by their names, and each item with what was remarked of it. Padding is left out. */
export function linesOf(
  items: readonly (Remarks & {readonly kind: string})[],
  names: readonly {readonly name: string; readonly start: number; readonly type?: unknown}[],
  places: readonly number[],
  bytes: Uint8Array,
): Line[] {
  const begin = places[0] ?? 0;
  const lines: Line[] = [];
  for (const [i, item] of items.entries()) {
    const [address, end] = [places[i] ?? 0, places[i + 1] ?? 0];
    for (const {name, start, type} of names) {
      if (start === i && type) lines.push({address, bytes: new Uint8Array(0), name});
    }
    if (item.kind === 'align') continue;
    const {text, words} = item;
    const its = bytes.subarray(address - begin, end - begin);
    lines.push({address, bytes: its, ...(text !== undefined && {text}), ...(words !== undefined && {words})});
  }
  return lines;
}
