import type {Holds} from '../../model/processes.ts';
import {mappedKeysIn} from '../../parse/proc/mapped-keys.ts';
import {parseSysvShm, type Unattached} from '../../parse/proc/sysvipc.ts';
import {readDescriptors} from '../descriptors.ts';
import {readIfThere} from '../open.ts';
import {cpuTime} from '../sampling/held.ts';

/** ms of the processor for the descriptors of one process, and of all: memmap's own time, which holds up nobody. */
const OF_ONE = 300;
const OF_ALL = 2000;

/** Looks at what the descriptors of many processes hold. */
export class HostDescriptors {
  #left = OF_ALL;

  /**
   * @param path where a file of the process is
   * @param maps its regions
   * @returns null if its descriptors may not be read, or the time for all is used up
   */
  of(path: (file: string) => string, maps: Uint8Array): Holds | null {
    if (this.#left <= 0) return null;
    const begin = cpuTime();
    const descriptors = readDescriptors({path}, Math.min(OF_ONE, this.#left));
    this.#left -= cpuTime() - begin;
    return descriptors ? {descriptors, mapped: mappedKeysIn(maps)} : null;
  }
}

/** SysV segments of this IPC namespace that nobody has attached. @param root where procfs is mounted */
export function unattachedIn(root: string): Unattached | undefined {
  const bytes = readIfThere(`${root}/sysvipc/shm`);
  return bytes && parseSysvShm(bytes);
}
