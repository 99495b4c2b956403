import {closeSync, readSync} from 'node:fs';
import {PAGE} from '../../model/pages/pages.ts';
import {LOW} from '../../parse/proc/pagemap.ts';
import {openProc} from '../open.ts';

/** /proc/kpageflags: Documentation/admin-guide/mm/pagemap.rst; include/uapi/linux/kernel-page-flags.h. */
const KPF_KSM = 1 << 21;
const KPF_ZERO_PAGE = 1 << 24;

/** Frames per read. */
const BLOCK = 512;
const MOST_BLOCKS = 4096;

/**
 * What the kernel says of page frames: which one is the zero page, which are KSM's. Only root may read it. Read in
 * blocks that are kept, since pages that lie together often have frames that do, and the zero page is one frame.
 */
export class FrameFlags {
  readonly #fd: number;
  readonly #blocks = new Map<number, Uint32Array>();

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @returns undefined where it may not be read */
  static open(root: string): FrameFlags | undefined {
    try {
      return new FrameFlags(openProc(`${root}/kpageflags`));
    } catch {
      return undefined;
    }
  }

  /** @returns PAGE.zero, PAGE.ksm or PAGE.copyOnWrite; 0 for frame 0, which means that frame numbers are hidden */
  read(frame: number): number {
    if (frame === 0) return 0;
    const number = Math.floor(frame / BLOCK);
    const block = this.#blocks.get(number) ?? this.#load(number);
    // The flags asked for are among the low 32 of 64.
    const flags = block[(frame % BLOCK) * 2 + LOW] ?? 0;
    return flags & KPF_ZERO_PAGE ? PAGE.zero : flags & KPF_KSM ? PAGE.ksm : PAGE.copyOnWrite;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #load(number: number): Uint32Array {
    const block = new Uint32Array(BLOCK * 2);
    try {
      readSync(this.#fd, block, 0, BLOCK * 8, number * BLOCK * 8);
    } catch {
      // EINVAL beyond the last frame: device memory has no flags.
    }
    if (this.#blocks.size >= MOST_BLOCKS) this.#blocks.clear();
    this.#blocks.set(number, block);
    return block;
  }
}
