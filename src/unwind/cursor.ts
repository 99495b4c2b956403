/** Numbers of 64 bits are kept where they are exact; no address of user space is beyond. */
const EXACT = Number.MAX_SAFE_INTEGER;

/** A LEB128 of 64 bits takes at most this many bytes. */
const LONGEST_LEB = 10;

/**
 * Reads the numbers of DWARF from bytes, little-endian: DWARF 5, section 7.6 (LEB128), and the pointer encodings of the
 * Linux Standard Base, section "DWARF Exception Header Encoding". It never throws: what lies beyond the end, or is not
 * exact as a number, sets `isBroken`, and is 0.
 */
export class Cursor {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  /** The next byte. */
  at: number;
  /** Where reading ends. */
  readonly end: number;
  isBroken = false;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = from;
    this.end = Math.min(end, bytes.length);
    if (!(from >= 0 && from <= this.end)) this.#fail();
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  #fail(): 0 {
    this.isBroken = true;
    this.at = this.end;
    return 0;
  }

  /** Goes on by some bytes. @returns where they begin; -1 where they aren't there */
  skip(bytes: number): number {
    const {at} = this;
    if (!(bytes >= 0 && bytes <= this.end - at)) {
      this.#fail();
      return -1;
    }
    this.at = at + bytes;
    return at;
  }

  u8(): number {
    return this.at < this.end ? this.#bytes[this.at++]! : this.#fail();
  }

  u16(): number {
    const at = this.skip(2);
    return at < 0 ? 0 : this.#view.getUint16(at, true);
  }

  u32(): number {
    const at = this.skip(4);
    return at < 0 ? 0 : this.#view.getUint32(at, true);
  }

  /** Signed, of 1, 2, 4 or 8 bytes. */
  signed(bytes: number): number {
    const at = this.skip(bytes);
    if (at < 0) return 0;
    if (bytes === 1) return this.#view.getInt8(at);
    if (bytes === 2) return this.#view.getInt16(at, true);
    if (bytes === 4) return this.#view.getInt32(at, true);
    return this.#exact(this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true));
  }

  u64(): number {
    const at = this.skip(8);
    if (at < 0) return 0;
    return this.#exact(this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true));
  }

  #exact(value: number): number {
    return Math.abs(value) <= EXACT ? value : this.#fail();
  }

  uleb(): number {
    return this.#leb(false);
  }

  sleb(): number {
    return this.#leb(true);
  }

  #leb(isSigned: boolean): number {
    let value = 0;
    let scale = 1;
    for (let read = 1; ; read++) {
      const byte = this.u8();
      if (this.isBroken || read > LONGEST_LEB) return this.#fail();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return this.#exact(isSigned && byte & 0x40 ? this.#negative(value, scale) : value);
    }
  }

  /** Beyond 2^53 the sum is rounded; a small negative number that is written with too many bytes is found exactly. */
  #negative(value: number, scale: number): number {
    return scale <= EXACT ? value - scale : this.#long();
  }

  #long(): number {
    let from = this.at - 1;
    while (from > 0 && this.#bytes[from - 1]! >= 0x80) from--;
    let value = -1n;
    for (let at = this.at - 1; at >= from; at--) value = (value << 7n) | BigInt(this.#bytes[at]! & 0x7f);
    return Number(BigInt.asIntN(64, value));
  }

  /** Text up to its NUL, one character a byte. */
  text(): string {
    let text = '';
    for (let byte = this.u8(); byte !== 0 && text.length < 64; byte = this.u8()) text += String.fromCharCode(byte);
    return text;
  }

  /**
   * An encoded pointer: DW_EH_PE_*. Of an indirect one (0x80) it gives where the pointer is, since nothing here follows
   * it.
   *
   * @param base the address of the first of the bytes, for DW_EH_PE_pcrel
   * @param data for DW_EH_PE_datarel
   */
  pointer(encoding: number, base: number, data = 0): number {
    if (encoding === 0xff) return 0;
    const here = base + this.at;
    const value = this.#plain(encoding & 0x0f);
    switch (encoding & 0x70) {
      case 0x00:
        return value;
      case 0x10:
        return value + here;
      case 0x30:
        return value + data;
      default:
        return this.#fail(); // textrel, funcrel and aligned: no linker of Linux makes them.
    }
  }

  /** DW_EH_PE_absptr is read as signed, so that differences come out right. */
  #plain(format: number): number {
    switch (format) {
      case 0x00:
      case 0x0c:
        return this.signed(8);
      case 0x01:
        return this.uleb();
      case 0x02:
        return this.u16();
      case 0x03:
        return this.u32();
      case 0x04:
        return this.u64();
      case 0x09:
        return this.sleb();
      case 0x0a:
        return this.signed(2);
      case 0x0b:
        return this.signed(4);
      default:
        return this.#fail();
    }
  }
}
