/** Names as elf(5) stores them: one after another, each ended by a NUL, the empty name first. */
export interface StringTable {
  readonly bytes: Uint8Array;
  /** Where each name starts, in the order given. */
  readonly offsets: readonly number[];
}

/** Makes a string table. Names are ASCII; any other character throws a RangeError, since elf(5) knows no encoding. */
export function stringTable(names: readonly string[]): StringTable {
  const bytes = [0];
  const offsets: number[] = [];
  for (const name of names) {
    offsets.push(bytes.length);
    bytes.push(...ascii(name), 0);
  }
  return {bytes: Uint8Array.from(bytes), offsets};
}

/** Whether a string table has a name that begins at `offset` and is terminated. The empty name at 0 does not count. */
export function hasName(table: Uint8Array, offset: number): boolean {
  return offset > 0 && offset < table.length && table[offset] !== 0 && table[offset - 1] === 0 && table.at(-1) === 0;
}

/** The bytes of a text, one for each character. Throws a RangeError if a character is not ASCII or is a NUL. */
export function ascii(text: string): number[] {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0 || code > 0x7f) throw new RangeError(`not an ASCII text: ${JSON.stringify(text)}`);
    return code;
  });
}
