/** Bytes of a file by which a core is known. */
export const CORE_HEAD = 20;

const ET_CORE = 4;

/** Does a file that begins like this call itself a core? elf(5) */
export function isCore(head: Uint8Array): boolean {
  if (head.length < CORE_HEAD || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return false;
  return (head[5] === 2 ? head[16]! * 256 + head[17]! : head[17]! * 256 + head[16]!) === ET_CORE;
}

/** Is it a minidump? It begins with `MDMP`. */
export const isMinidump = (head: Uint8Array): boolean =>
  head[0] === 0x4d && head[1] === 0x44 && head[2] === 0x4d && head[3] === 0x50;
