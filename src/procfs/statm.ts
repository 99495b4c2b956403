import type {ProcFile} from './file.ts';
import type {ProcessHandle} from './handle.ts';

/** Bytes of address space, and of those resident, at one moment. */
interface Amounts {
  readonly size: number;
  readonly rss: number;
}

/** /proc/PID/statm, kept open (proc_pid_statm(5)). It takes no lock and a few µs, where status takes 50. */
export class Statm {
  /** Absent where there is none, as in a copy of /proc. */
  readonly #file: ProcFile | undefined;

  constructor(handle: ProcessHandle) {
    try {
      this.#file = handle.open('statm');
    } catch {
      this.#file = undefined;
    }
  }

  /**
   * @param pageSize in bytes, the unit of its numbers
   * @returns undefined where it can't be read
   */
  read(pageSize: number): Amounts | undefined {
    try {
      const [size = NaN, rss = NaN] = this.#file!.read().toString('latin1', 0, 40).split(' ').map(Number);
      return Number.isInteger(size + rss) ? {size: size * pageSize, rss: rss * pageSize} : undefined;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#file?.close();
  }
}
