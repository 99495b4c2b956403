import {closeSync, constants, openSync, readdirSync, readlinkSync} from 'node:fs';
import {parseStat, type Stat} from '../parse/proc/stat.ts';
import {parseStatus, sizeIn, type Status} from '../parse/proc/status.ts';
import {ProcFile, retried} from './file.ts';
import {MapLock} from './lock.ts';
import {MappedFiles} from './image/mapped.ts';
import {openProc, readIfThere, readOpen, valueIfThere} from './open.ts';
import {noSuchProcess, processTrouble} from './trouble.ts';
import type {ProcessInfo} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';

/**
 * One process, held by its directory. A PID is a number that the kernel gives to somebody else later; an open
 * descriptor of /proc/PID is not. Files are opened through it (/proc/self/fd/N/maps), so that a reused PID can't be
 * read by mistake: after the process's end every read answers ESRCH.
 */
export class ProcessHandle {
  readonly pid: number;
  readonly root: string;
  readonly #directory: number;
  /** Ask it before the map is read. */
  readonly lock: MapLock = new MapLock(this);
  /** Ask it before a mapped file is opened. */
  readonly files: MappedFiles = new MappedFiles(this);

  /**
   * @param root where procfs is mounted; another directory of the same form serves as well
   * @throws Trouble `gone` or `denied`
   */
  constructor(pid: number, root = '/proc') {
    this.pid = pid;
    this.root = root;
    if (!Number.isInteger(pid) || pid <= 0) throw noSuchProcess(pid, root);
    try {
      this.#directory = openSync(`${root}/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
    } catch (error) {
      throw processTrouble(pid, error, root);
    }
  }

  /** @param file relative to the process's directory: `maps`, `task/12/maps` */
  open(file: string): ProcFile {
    return this.#orTrouble(() => new ProcFile(this.path(file), this.#nameOf(file)));
  }

  stat(): Stat {
    const stat = parseStat(this.#readSmall('stat'));
    if (!stat) throw new Error(`unreadable stat of process ${this.pid}`);
    return stat;
  }

  status(): Status {
    return parseStatus(this.#readSmall('status'));
  }

  /** Bytes of address space, as status has them: VmSize alone. */
  size(): number | undefined {
    return sizeIn(this.#readSmall('status'));
  }

  /** What runs in it: /proc/PID/exe; undefined where that may not be read, or there is none. */
  exe(): string | undefined {
    try {
      return readlinkSync(this.path('exe'));
    } catch {
      return undefined;
    }
  }

  /** Thread ids. */
  threads(): number[] {
    return this.#orTrouble(() => readdirSync(this.path('task')).map(Number));
  }

  close(): void {
    closeSync(this.#directory);
  }

  #readSmall(file: string): Buffer {
    // Opened again after an interruption: what was read before it is lost, and the descriptor's position is after that.
    const readOnce = (): Buffer => {
      const fd = openProc(this.path(file), this.#nameOf(file));
      try {
        return readOpen(fd, true);
      } finally {
        closeSync(fd);
      }
    };
    return this.#orTrouble(() => retried(readOnce));
  }

  /** A descriptor of the process's directory, for a child of ours. */
  get directory(): number {
    return this.#directory;
  }

  readonly #nameOf = (file: string): string => `${this.root}/${this.pid}/${file}`;

  /** Where a file of this process is, as long as the handle is open. */
  path(file: string): string {
    return `/proc/self/fd/${this.#directory}/${file}`;
  }

  #orTrouble<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (error) {
      throw processTrouble(this.pid, error, this.root);
    }
  }
}

/** One process and one program image: exec keeps the start time, and gives code and stack new places. */
export const isSame = (a: Stat, b: Stat): boolean =>
  a.startTime === b.startTime &&
  a.startCode === b.startCode &&
  a.endCode === b.endCode &&
  a.startStack === b.startStack &&
  a.argStart === b.argStart &&
  b.state !== 'X';

/** Who a process is: what distinguishes it from others, now and later. */
export function processInfo(handle: ProcessHandle, stat: Stat, status: Status): ProcessInfo {
  const exe = handle.exe();
  const bootId = bootIdOf(handle.root);
  return {
    pid: handle.pid,
    ppid: stat.ppid,
    comm: stat.comm,
    ...(exe !== undefined && {exe}),
    startTime: stat.startTime,
    ...(bootId !== undefined && {bootId}),
    state: stat.state,
    threads: stat.threads,
    ...(typeof status['uid'] === 'number' && {uid: status['uid']}),
    startCode: stat.startCode,
    startStack: stat.startStack,
    startBrk: stat.startBrk,
  };
}

/** Distinguishes two runs of the machine, since start times count from boot. */
export const bootIdOf = (root: string): string | undefined =>
  valueIfThere(`${root}/sys/kernel/random/boot_id`).trim() || undefined;

/** What distinguishes a process from all others, also from earlier ones with its PID; undefined if there is none. */
export function identify(
  pid: number,
  root = '/proc',
): {readonly startTime: number; readonly bootId: string} | undefined {
  const stat = parseStat(readIfThere(`${root}/${pid}/stat`) ?? new Uint8Array());
  return stat && {startTime: stat.startTime, bootId: bootIdOf(root) ?? ''};
}

/** Why there is nothing to list. */
export function withoutMemory(handle: ProcessHandle): Trouble {
  const what = `Cannot look at process ${handle.pid}.`;
  const {state, comm, ppid} = handle.stat();
  if (state === 'Z' || state === 'X') {
    const why =
      `it (${comm}) has ended and is a zombie: its memory is gone, and only its exit status waits ` +
      `for its parent, process ${ppid}.`;
    return new Trouble({kind: 'gone', what, why, next: `Look at its parent: memmap show ${ppid}`});
  }
  if (!isKernelThread(handle, ppid)) {
    const why = `it (${comm}) is ending at this moment: its memory is gone already.`;
    return new Trouble({kind: 'gone', what, why, next: 'List processes with: memmap ps'});
  }
  const why = `it (${comm}) is a kernel thread: it has no memory of its own.`;
  return new Trouble({kind: 'gone', what, why, next: 'Kernel memory is in /proc/meminfo and /proc/slabinfo.'});
}

/**
 * Since Linux 6.8 status says so. Before, they are recognised by their parent: kthreadd, process 2, starts all others.
 */
const isKernelThread = (handle: ProcessHandle, ppid: number): boolean =>
  handle.status()['kthread'] === true || (handle.status()['kthread'] === undefined && (ppid === 2 || handle.pid === 2));
