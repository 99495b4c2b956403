import {closeSync, fstatSync, openSync, readSync} from 'node:fs';

/** What of a program's file says how it runs. */
interface FileFacts {
  /** EI_CLASS of elf(5) is ELFCLASS32. */
  readonly is32Bit: boolean;
  /** It has set-user-ID or set-group-ID: S_ISUID, S_ISGID of inode(7). */
  readonly hasSetId: boolean;
}

const SET_IDS = 0o6000;

/** What is said of such a program where perf events are used. */
export const IS_32_BIT = 'It is a 32-bit program: the kernel has no tracepoints for its calls, so that none was seen.';

/** @returns neither where it can't be read */
export function fileFacts(path: string): FileFacts {
  try {
    const fd = openSync(path, 'r');
    const head = Buffer.alloc(5);
    readSync(fd, head, 0, 5, 0);
    const {mode} = fstatSync(fd);
    closeSync(fd);
    return {is32Bit: head[4] === 1, hasSetId: (mode & SET_IDS) !== 0};
  } catch {
    return {is32Bit: false, hasSetId: false};
  }
}
