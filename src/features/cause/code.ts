import {isExecutable, type Region} from '../../model/region.ts';
import type {Mapped} from '../../trace/events.ts';
import {Space} from '../../unwind/space.ts';
import type {CodeFiles} from './files.ts';
import type {Range} from './ledger/spans.ts';

const PROT_EXEC = 4;
/** What HotSpot compiles keeps no frame pointers: a chain of them would leave out callers. */
const HOTSPOT = /\/libjvm\.so$/;

/** What code a process has mapped, moment by moment. */
export class Code {
  readonly space: Space = new Space();
  readonly #files: CodeFiles;
  #isJvm = false;

  constructor(files: CodeFiles) {
    this.#files = files;
  }

  /** What is there at first. */
  begin(regions: Iterable<Region>): void {
    for (const region of regions) this.#put(region, region.offset ?? 0, isExecutable(region));
  }

  /** The kernel reports a mapping. */
  put({start, end, file, inode, offset, prot}: Mapped): void {
    const isCode = (prot & PROT_EXEC) !== 0;
    this.#put({start, end, name: file === '//anon' ? '' : file, inode: String(inode)}, offset, isCode);
  }

  remove({start, end}: Range): void {
    this.space.remove(start, end);
  }

  /** execve(2). */
  clear(): void {
    this.space.clear();
    this.#isJvm = false;
  }

  #put(code: Range & Pick<Region, 'name' | 'inode'>, offset: number, isExecutable: boolean): void {
    const {start, end, name} = code;
    this.#isJvm ||= HOTSPOT.test(name);
    const object = isExecutable ? this.#files.open(code) : undefined;
    const keepsPointers = this.#isJvm ? false : undefined;
    this.space.put({start, end, isExecutable, offset, name, object, keepsPointers});
  }
}
