import type {Holds} from '../../model/host/processes.ts';
import {mappedKeysIn} from '../../parse/proc/mapped-keys.ts';
import {parseSysvShm, type Unattached} from '../../parse/proc/sysvipc.ts';
import {readDescriptors} from '../details/descriptors.ts';
import {readIfThere} from '../open.ts';
import {cpuTime} from '../sampling/held.ts';

/** ms of the processor for the descriptors of one process, and of all: memmap's own time, which holds up nobody. */
const OF_ONE = 300;
const OF_ALL = 2000;

/**
 * Looks at what the descriptors of many processes hold, again and again. Where the time for one look does not suffice
 * for all, nobody is asked a second time before all were asked once.
 */
export class HostDescriptors {
  readonly #most: number;
  #left = 0;
  #isCut = false;
  /** Counts looks, and the one from which on whoever was asked is not asked again. */
  #look = 0;
  #since = 1;
  readonly #askedIn = new WeakMap<Holds, number>();
  /** Of how many processes it was found out in an earlier look. */
  earlier = 0;

  /** @param most ms for all in one look */
  constructor(most = OF_ALL) {
    this.#most = most;
  }

  /** A look begins. */
  begin(): void {
    this.#look++;
    if (!this.#isCut) this.#since = this.#look;
    this.#isCut = false;
    this.#left = this.#most;
    this.earlier = 0;
  }

  /**
   * @param path where a file of the process is
   * @param maps its regions
   * @param known what it held at an earlier look: it is returned where this is not its turn
   * @returns null if its descriptors may not be read, or the time for all is used up
   */
  of(path: (file: string) => string, maps: Uint8Array, known?: Holds | null): Holds | null {
    const isAsked = known ? (this.#askedIn.get(known) ?? 0) >= this.#since : false;
    if (isAsked || this.#left <= 0) {
      this.#isCut ||= !isAsked;
      if (known) this.earlier++;
      return known ?? null;
    }
    const begin = cpuTime();
    const descriptors = readDescriptors({path}, Math.min(OF_ONE, this.#left));
    this.#left -= cpuTime() - begin;
    if (!descriptors) return null;
    const holds = {descriptors, mapped: mappedKeysIn(maps)};
    this.#askedIn.set(holds, this.#look);
    return holds;
  }
}

/** SysV segments of this IPC namespace that nobody has attached. @param root where procfs is mounted */
export function unattachedIn(root: string): Unattached | undefined {
  const bytes = readIfThere(`${root}/sysvipc/shm`);
  return bytes && parseSysvShm(bytes);
}
