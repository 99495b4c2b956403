/**
 * Numbers texts by their bytes, from 0 on: one that was met before need not be decoded again. A listing of 60,000
 * regions has some hundred ends of lines, and as many lists of flags. FNV-1a, and a table with open addressing.
 */
export class ByteTexts {
  /** How many there are. A text that has just got the number `size - 1` is new. */
  size = 0;
  /** All texts, one after another. */
  #bytes = new Uint8Array(4096);
  /** Where each begins; and where the next one will. */
  #begins: number[] = [0];
  /** By hash: the number of a text and 1. At most half of it is used. */
  #slots = new Int32Array(256);

  /** The number of bytes[from, to). */
  numberOf(bytes: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(bytes, from, to) & mask;
    for (let entry; (entry = this.#slots[slot]!) !== 0; slot = (slot + 1) & mask) {
      if (this.lengthOf(entry - 1) === to - from && this.isAt(entry - 1, bytes, from)) return entry - 1;
    }
    this.#slots[slot] = ++this.size;
    this.#keep(bytes, from, to);
    if (this.size * 2 > mask) this.#rehash();
    return this.size - 1;
  }

  /** Bytes. */
  lengthOf(text: number): number {
    return this.#begins[text + 1]! - this.#begins[text]!;
  }

  /** Is this text at a place? */
  isAt(text: number, bytes: Uint8Array, at: number): boolean {
    const own = this.#bytes;
    const end = this.#begins[text + 1]!;
    for (let from = this.#begins[text]!; from < end; from++, at++) if (own[from] !== bytes[at]) return false;
    return true;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const begin = this.#begins[this.size - 1]!;
    const end = begin + to - from;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(from, to), begin);
    this.#begins.push(end);
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let text = 0; text < this.size; text++) {
      let slot = hashOf(this.#bytes, this.#begins[text]!, this.#begins[text + 1]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = text + 1;
    }
    this.#slots = slots;
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
