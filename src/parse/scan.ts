/**
 * Reading numbers and text from bytes: the only file of the pure rooms, besides text/stencil.ts, that uses Buffer and
 * TextDecoder, since nothing else decodes as fast (tsconfig.pure.json). The kernel's text is bytes, not characters: a
 * file name may hold anything but NUL, so lines end at 0x0A only (never at CR, U+0085 or U+2028), and text is decoded
 * at the very end.
 */

/** Value of a hex digit, by byte; -1 for any other byte. */
export const HEX_DIGIT: Int8Array = new Int8Array(256).fill(-1);
/** The same without capitals, which the kernel doesn't print. */
export const LOWER_HEX_DIGIT: Int8Array = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  const letter = value.toString(16);
  HEX_DIGIT[letter.charCodeAt(0)] = LOWER_HEX_DIGIT[letter.charCodeAt(0)] = value;
  HEX_DIGIT[letter.toUpperCase().charCodeAt(0)] = value;
}

/** One character per byte, so that it can be turned back. */
export const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.isBuffer(bytes)
    ? bytes.toString('latin1', from, to)
    : Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');

/** Room for bytes, of which `latin1` makes text quickly. */
export const emptyBytes = (length: number): Uint8Array => Buffer.from(new ArrayBuffer(length), 0, length);

/** Such text as bytes again; what is beyond U+00FF is cut to its low 8 bits. */
export const fromLatin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Text as UTF-8. */
export const fromText = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** UTF-8 as text, without a byte order mark; what isn't valid becomes U+FFFD. */
export const utf8 = (bytes: Uint8Array): string => (plainUtf8 ??= new TextDecoder()).decode(bytes);

/** Are `length` bytes at two places the same? memcmp(3) does the work. */
export const isSameStretch = (a: Uint8Array, from: number, b: Uint8Array, at: number, length: number): boolean =>
  (Buffer.isBuffer(a)
    ? a.compare(b, at, at + length, from, from + length)
    : Buffer.compare(a.subarray(from, from + length), b.subarray(at, at + length))) === 0;

/** Is a text of ASCII anywhere in the bytes? */
export const hasText = (bytes: Uint8Array, text: string): boolean => placeOfText(bytes, text) >= 0;

/** Where it is first, at `from` or after; -1 if it isn't. */
export const placeOfText = (bytes: Uint8Array, text: string, from = 0): number =>
  Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length).indexOf(text, from, 'latin1');

/**
 * UTF-16 as UTF-8: what redirection in PowerShell writes. Only a byte order mark says that it is UTF-16.
 *
 * @returns undefined for anything else
 */
export function fromUtf16(bytes: Uint8Array): Uint8Array | undefined {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (!isLittle && !(bytes[0] === 0xfe && bytes[1] === 0xff)) return undefined;
  return fromText(new TextDecoder(isLittle ? 'utf-16le' : 'utf-16be').decode(bytes));
}

/** Made when a text isn't ASCII: each takes 50 µs. */
let plainUtf8: InstanceType<typeof TextDecoder> | undefined;
let strictUtf8: InstanceType<typeof TextDecoder> | undefined;
let looseUtf8: InstanceType<typeof TextDecoder> | undefined;

/**
 * Bytes as text for people: UTF-8, or the nearest to it. Where they aren't valid UTF-8, `base64` keeps what they were.
 *
 * @param raw one character a byte, as `latin1` makes it
 */
export function decode(raw: string): {text: string; base64?: string} {
  if (!/[\x80-\xff]/.test(raw)) return {text: raw};
  const bytes = Buffer.from(raw, 'latin1');
  try {
    strictUtf8 ??= new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
    return {text: strictUtf8.decode(bytes)};
  } catch {
    looseUtf8 ??= new TextDecoder('utf-8', {ignoreBOM: true});
    return {text: looseUtf8.decode(bytes), base64: bytes.toString('base64')};
  }
}

/** `Private_Dirty` → `privateDirty`, `KSM` → `ksm`, `VmRSS` → `vmRss`, `MMUPageSize` → `mmuPageSize`. */
export function camelCase(key: string): string {
  if (key === 'THPeligible') return 'thpEligible';
  const words = key.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+/g) ?? [key];
  return words.map((word, index) => (index === 0 ? word.toLowerCase() : capital(word))).join('');
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
