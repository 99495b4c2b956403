import type {AuxiliaryVector} from '../../model/clues/clues.ts';
import {isExact} from '../../model/region.ts';

/** The entries of a vector that are used, and AT_PAGESZ. */
interface Auxv extends AuxiliaryVector {
  /** AT_PAGESZ, in bytes. */
  readonly pageSize?: number;
}

const NAMES: Readonly<Record<number, keyof Auxv>> = {
  3: 'phdr',
  6: 'pageSize',
  7: 'base',
  9: 'entry',
  31: 'execfn',
  33: 'vdso',
};

/** No machine has types higher than this; a pair that is read at the wrong width does. */
const HIGHEST_TYPE = 100;

/**
 * /proc/PID/auxv: pairs of a type and a value in the machine's own form, up to AT_NULL. getauxval(3); fs/binfmt_elf.c,
 * create_elf_tables(). A 32-bit program's words have 4 bytes: read as words of 8 bytes, they show impossible types at
 * once.
 *
 * @param isLittle the order of bytes: that of the machine, or of the one that a core file is from
 * @returns an empty object for what is not such a vector
 */
export function parseAuxv(bytes: Uint8Array, isLittle = true): Auxv {
  return readPairs(bytes, 8, isLittle) ?? readPairs(bytes, 4, isLittle) ?? {};
}

function readPairs(bytes: Uint8Array, width: 4 | 8, isLittle: boolean): Auxv | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number): number =>
    width === 8 ? Number(view.getBigUint64(at, isLittle)) : view.getUint32(at, isLittle);
  const found: Partial<Record<keyof Auxv, number>> = {};
  for (let at = 0; at + 2 * width <= bytes.length; at += 2 * width) {
    const type = word(at);
    const value = word(at + width);
    if (type === 0) return found;
    if (type > HIGHEST_TYPE) return undefined;
    const name = NAMES[type];
    if (name && isExact(value)) found[name] = value;
  }
  return undefined;
}
