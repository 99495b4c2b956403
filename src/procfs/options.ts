import type {Clues} from '../model/clues/clues.ts';
import type {Regions} from '../model/columns/regions.ts';
import {whileHeld, type OnHeld} from './sampling/held.ts';

export interface CaptureOptions {
  /** Where procfs is mounted. */
  readonly root?: string | undefined;
  /** Read smaps, and so resident memory per region? By default if it stalls the process no longer than `maxStall`. */
  readonly usage?: boolean | undefined;
  /** ms; 50 by default. */
  readonly maxStall?: number | undefined;
  /** ms that reading smaps may take before memmap does without it; by default as long as any reading may. */
  readonly patience?: number | undefined;
  /** Also read what only one moment is asked for: open descriptors, and what KSM merged. */
  readonly extras?: boolean | undefined;
  /** Also read which NUMA nodes pages lie on: numa_maps holds the lock of the memory map as smaps does. */
  readonly numa?: boolean | undefined;
  /** What an earlier look at the same program found, so that less must be read. */
  readonly known?: Clues | undefined;
  /** Regions of an earlier look at the same program that had VmFlags. */
  readonly earlier?: Regions | undefined;
  /**
   * Gets each listing as the kernel printed it; of several in one sample the last one counts. The bytes are overwritten
   * later.
   */
  readonly onListing?: ((bytes: Buffer) => void) | undefined;
  /** Gets what each read of the file took, and what memmap's own pages took: see whileHeld(). */
  readonly onHeld?: ((file: 'maps' | 'smaps' | 'own', ...took: Parameters<OnHeld>) => void) | undefined;
}

/** Reads, and tells who wants to know what it took. */
export const held = <Result>(file: 'maps' | 'smaps' | 'own', {onHeld}: CaptureOptions, read: () => Result): Result =>
  onHeld ? whileHeld(read, (...took) => onHeld(file, ...took)) : read();
