import {counted} from '../../model/amounts.ts';
import {IS_32_BIT} from '../../trace/file-facts.ts';
import type {Sharers} from './sharers.ts';

const IS_HIDDEN = 'It began a program whose calls the kernel does not let us watch, as one with set-user-ID.';

/** What is said at the end of calls that could not be seen: sentences. */
export class Notes {
  /** Processes that it started. */
  children = 0;
  readonly #sharers: Pick<Sharers, 'count'>;
  readonly #programs: string[] = [];

  constructor(sharers: Pick<Sharers, 'count'>) {
    this.#sharers = sharers;
  }

  /** It runs a 32-bit program, perhaps not the first one. */
  is32Bit(): void {
    if (!this.#programs.includes(IS_32_BIT)) this.#programs.push(IS_32_BIT);
  }

  /** It began a program, and the kernel did not tell of it. */
  isHidden(): void {
    this.#programs.push(IS_HIDDEN);
  }

  get all(): string[] {
    return [...this.#programs, ...childrenNote(this.children), ...sharersNote(this.#sharers)];
  }
}

function childrenNote(count: number): string[] {
  if (count === 0) return [];
  const whose = count === 1 ? 'its' : 'their';
  return [`It started ${counted(count, 'process', 'processes')}: ${whose} memory calls were not watched.`];
}

function sharersNote({count}: Pick<Sharers, 'count'>): string[] {
  if (count === 0) return [];
  const who = `${counted(count, 'process', 'processes')} that it made ${count === 1 ? 'shares' : 'share'}`;
  return [`${who} its memory (CLONE_VM): what changed meanwhile and has no call may be of such a process.`];
}
