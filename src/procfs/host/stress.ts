import type {CgroupClue} from '../../model/clues/clues.ts';
import type {Group} from '../../model/group/group.ts';
import {cgroupFolders, type CgroupFolder, parseCgroup} from '../../parse/proc/cgroup.ts';
import {parseKeyed, parsePressure} from '../../parse/proc/memory-stat.ts';
import {limitsOf} from '../machine/cgroup.ts';
import {mountsOf} from '../machine/mounts.ts';
import {readIfThere} from '../open.ts';

/** How much time was lost for want of memory, and by whom: the tasks of the process's cgroup, or all. */
interface Pressure {
  readonly of: 'cgroup' | 'machine';
  readonly stalled: NonNullable<Group['pressure']>;
}

/** How many processes the OOM killer has killed since the start: of the cgroup, and of the machine. */
interface Kills {
  readonly cgroup: number | undefined;
  readonly machine: number | undefined;
}

/**
 * What presses on the memory of a process: its cgroup, or the machine. Reading these files holds up nobody. The cgroup
 * is that which the process is in when this is made.
 */
export class Stress {
  readonly #root: string;
  readonly #version: 1 | 2;
  /** Of its cgroup and the ancestors; empty where that can't be seen. */
  readonly #folders: readonly CgroupFolder[];

  constructor(pid: number, root: string) {
    const cgroup = parseCgroup(readIfThere(`${root}/${pid}/cgroup`) ?? new Uint8Array());
    const mounts = mountsOf(`${root}/self`);
    this.#root = root;
    this.#version = cgroup?.version ?? 2;
    this.#folders = (cgroup && cgroupFolders(cgroup, mounts)) ?? [];
  }

  /**
   * memory.pressure of the cgroup (version 2 alone has it), else /proc/pressure/memory: accounting/psi.rst.
   *
   * @returns undefined where the kernel has neither
   */
  pressure(): Pressure | undefined {
    const own = parsePressure(this.#own('memory.pressure'));
    if (own) return {of: 'cgroup', stalled: own};
    const all = parsePressure(readIfThere(`${this.#root}/pressure/memory`) ?? new Uint8Array());
    return all && {of: 'machine', stalled: all};
  }

  /** The limits of its cgroup and of the ancestors, with what is charged: page cache counts. Undefined: not known. */
  limits(): CgroupClue['limits'] | undefined {
    return this.#folders.length === 0 ? undefined : limitsOf(this.#version, this.#folders);
  }

  /** memory.events, memory.oom_control of version 1 (Linux 4.13), and oom_kill of /proc/vmstat (4.13). */
  kills(): Kills {
    const events = parseKeyed(this.#own(this.#version === 2 ? 'memory.events' : 'memory.oom_control'));
    const machine = parseKeyed(readIfThere(`${this.#root}/vmstat`) ?? new Uint8Array());
    return {cgroup: events.get('oom_kill'), machine: machine.get('oom_kill')};
  }

  #own(file: string): Uint8Array {
    const [own] = this.#folders;
    return (own && readIfThere(`${own.folder}/${file}`)) ?? new Uint8Array();
  }
}
