/**
 * What src/parse/scan.ts and src/text/stencil.ts need beyond the language. The pure rooms are compiled against this alone
 * (tsconfig.pure.json), without the types of Node, so that a use of a file, a clock or the process does not compile
 * there.
 */

declare class Buffer extends Uint8Array {
  static from(text: string, encoding: 'latin1' | 'utf8'): Buffer;
  static from(bytes: ArrayBufferLike, offset: number, length: number): Buffer;
  static isBuffer(value: unknown): value is Buffer;
  static compare(a: Uint8Array, b: Uint8Array): number;
  compare(other: Uint8Array, from: number, to: number, ownFrom: number, ownTo: number): number;
  indexOf(text: string, from: number, encoding: 'latin1'): number;
  indexOf(byte: number, from?: number): number;
  override toString(encoding?: 'latin1' | 'base64', from?: number, to?: number): string;
}

declare class TextDecoder {
  constructor(
    encoding?: 'utf-8' | 'utf-16le' | 'utf-16be',
    options?: {readonly fatal?: boolean; readonly ignoreBOM?: boolean},
  );
  decode(bytes: Uint8Array): string;
}
