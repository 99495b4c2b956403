import {Cursor} from './cursor.ts';

/** A section of call frame information, and where it is in memory by the file's own addresses. */
export interface FrameSection {
  readonly bytes: Uint8Array;
  readonly address: number;
  /** `.eh_frame`; `.debug_frame` writes lengths and pointers in another way. */
  readonly isEh: boolean;
}

/** What functions have in common, a Common Information Entry: DWARF 5, section 6.4.1; LSB, `.eh_frame`. */
export interface Common {
  /** Factors of distances in code and in data. */
  readonly codeFactor: number;
  readonly dataFactor: number;
  /** The column of the return address. */
  readonly returnColumn: number;
  /** DW_EH_PE_* of addresses. */
  readonly encoding: number;
  readonly hasData: boolean;
  /** Augmentation `S`: the frame was made by a signal, and its caller was interrupted anywhere. */
  readonly isSignal: boolean;
  /** Its instructions: bytes of the section. */
  readonly from: number;
  readonly to: number;
}

/** One function's entry, or a part of a function: a Frame Description Entry. Addresses are the file's own. */
export interface Description {
  readonly start: number;
  /** After the last byte. */
  readonly end: number;
  readonly common: Common;
  readonly from: number;
  readonly to: number;
}

/** The head of an entry. */
interface Head {
  /** After its length. */
  readonly body: number;
  readonly next: number;
  /** Of a description: where its Common Information Entry is. */
  readonly common?: number | undefined;
}

/** The head of the entry at a byte of the section; undefined at the end, or where the bytes are none. */
export function readHead({bytes, isEh}: FrameSection, at: number): Head | undefined {
  const cursor = new Cursor(bytes, at);
  let length = cursor.u32();
  const isLong = length === 0xffffffff;
  if (isLong) length = cursor.u64();
  const start = cursor.at;
  const next = start + length;
  if (cursor.isBroken || length < 4 || next > bytes.length) return undefined;
  // The pointer of .eh_frame has four bytes always, and counts backwards from itself.
  if (isEh) {
    const back = cursor.u32();
    return {body: cursor.at, next, common: back === 0 ? undefined : start - back};
  }
  const view = cursor.u32();
  const high = isLong ? cursor.u32() : 0;
  if (cursor.isBroken || cursor.at > next) return undefined;
  const isCommon = view === 0xffffffff && (!isLong || high === 0xffffffff);
  return {body: cursor.at, next, common: isCommon ? undefined : high * 2 ** 32 + view};
}

/** A Common Information Entry; undefined where it is none, or says what isn't known here. */
export function readCommon(section: FrameSection, at: number): Common | undefined {
  const head = readHead(section, at);
  if (!head || head.common !== undefined) return undefined;
  const cursor = new Cursor(section.bytes, head.body, head.next);
  const version = cursor.u8();
  if (version !== 1 && version !== 3 && version !== 4) return undefined;
  const augmentation = cursor.text();
  if (version === 4 && (cursor.u8() !== 8 || cursor.u8() !== 0)) return undefined; // Sizes of addresses and segments.
  const codeFactor = cursor.uleb();
  const dataFactor = cursor.sleb();
  const returnColumn = version === 1 ? cursor.u8() : cursor.uleb();
  const extras = readAugmentation(cursor, augmentation, section.address);
  if (!extras || cursor.isBroken) return undefined;
  return {codeFactor, dataFactor, returnColumn, ...extras, from: cursor.at, to: head.next};
}

type Extras = Pick<Common, 'encoding' | 'hasData' | 'isSignal'>;

function readAugmentation(cursor: Cursor, augmentation: string, address: number): Extras | undefined {
  if (augmentation === '') return {encoding: 0, hasData: false, isSignal: false};
  if (!augmentation.startsWith('z')) return undefined;
  const size = cursor.uleb();
  const end = cursor.at + size;
  let encoding = 0;
  let isSignal = false;
  for (const letter of augmentation.slice(1)) {
    if (letter === 'R') encoding = cursor.u8();
    else if (letter === 'P') cursor.pointer(cursor.u8(), address);
    else if (letter === 'L') cursor.u8();
    else if (letter === 'S') isSignal = true;
    else if (letter !== 'B' && letter !== 'G') break; // Keys of signed addresses and tagged memory have no data.
  }
  if (cursor.at > end || cursor.skip(end - cursor.at) < 0) return undefined;
  return {encoding, hasData: true, isSignal};
}

/**
 * A Frame Description Entry.
 *
 * @param commonAt gives the entry that it refers to, by its byte of the section
 */
export function readDescription(
  section: FrameSection,
  at: number,
  commonAt: (at: number) => Common | undefined,
): Description | undefined {
  const head = readHead(section, at);
  const common = head?.common === undefined ? undefined : commonAt(head.common);
  if (!head || !common) return undefined;
  const cursor = new Cursor(section.bytes, head.body, head.next);
  const start = cursor.pointer(common.encoding, section.address);
  const size = cursor.pointer(common.encoding & 0x0f, 0);
  if (common.hasData) cursor.skip(cursor.uleb());
  if (cursor.isBroken || !(size > 0)) return undefined;
  return {start, end: start + size, common, from: cursor.at, to: head.next};
}
