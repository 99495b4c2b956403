import {parseStatus, type Status} from '../../parse/proc/status.ts';
import type {ProcFile} from '../file.ts';
import type {ProcessHandle} from '../handle.ts';

/** /proc/PID/status, kept open. It is of the process, so that it continues after an exec. */
export class StatusFile {
  readonly #handle: ProcessHandle;
  #file: ProcFile | undefined;
  #last: {readonly bytes: Buffer; readonly status: Status} | undefined;

  constructor(handle: ProcessHandle) {
    this.#handle = handle;
  }

  /** @returns the very same object while it says the same; undefined after the end, and where it can't be read */
  read(): Status | undefined {
    try {
      this.#file ??= this.#handle.open('status');
      const bytes = this.#file.read();
      if (!this.#last?.bytes.equals(bytes)) this.#last = {bytes, status: parseStatus(bytes)};
      // The next reading but one goes into the older of two buffers.
      this.#last = {bytes, status: this.#last.status};
      return this.#last.status;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#file?.close();
  }
}
