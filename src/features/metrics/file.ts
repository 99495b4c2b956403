import {Trouble} from '../../model/trouble.ts';
import {beginningOf} from '../../shell/beginning.ts';
import {refuseIfThere, saveShared} from '../../shell/file.ts';
import {cannotWrite} from '../../shell/output.ts';
import {MARK, valueIn} from './text.ts';

/** Bytes at the beginning of a file in which what is said of the machine is found. */
const HEAD = 8192;

/**
 * The file that node_exporter reads. It is replaced whole, by rename(2), and only where `memmap metrics` wrote what is
 * there.
 */
export class MetricsFile {
  readonly #path: string;
  readonly #isForced: boolean;
  #isOurs = false;

  /** @param isForced replaces, the first time, also what another program wrote */
  constructor(path: string, isForced: boolean) {
    this.#path = path;
    this.#isForced = isForced;
  }

  /**
   * The value that a metric without labels had when the file was written last; undefined where there is none.
   *
   * @throws Trouble `output` where the file is not ours to replace, or can't be one
   */
  lastValue(name: string): number | undefined {
    const head = this.#head();
    return head === undefined ? undefined : valueIn(head, name);
  }

  /** @throws Trouble `output` */
  write(text: string): void {
    this.#head();
    saveShared(this.#path, text, 'replace');
    this.#isOurs = true;
  }

  #head(): string | undefined {
    refuseIfThere(this.#path, 'replace');
    const head = this.#read();
    // Nothing is lost of a file that is empty.
    if (!head || head.startsWith(`${MARK}\n`)) return head;
    if (this.#isForced && !this.#isOurs) return undefined;
    throw new Trouble({
      kind: 'output',
      what: `Cannot write to ${this.#path}.`,
      why: 'memmap metrics did not write what is there.',
      next: 'Give another name with -o, or --force to replace it.',
    });
  }

  #read(): string | undefined {
    try {
      return beginningOf(this.#path, HEAD);
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }
}
