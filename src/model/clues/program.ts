import {withoutDeleted} from '../same.ts';
import type {Snapshot} from '../snapshot.ts';

/**
 * The file that a process runs: what exe says, else the lowest file with machine code that isn't a library (the kernel
 * puts the program below all libraries, fs/binfmt_elf.c).
 *
 * @returns its name as the listing has it; undefined where it names none
 */
export function programOf({process, table}: Pick<Snapshot, 'process' | 'table'>): string | undefined {
  const {exe} = process;
  const regions = table.namedOnes();
  if (exe !== undefined && regions.some(({name}) => name === exe)) return exe;
  const name = regions.find(({kind, name}) => kind === 'text' && !isLibrary(name))?.name;
  return name === undefined ? undefined : withoutDeleted(name);
}

/** Is a file a shared library, by its name? */
export const isLibrary = (name: string): boolean =>
  /(?:^|\/)(?:lib[^/]*|ld[-.][^/]*|[^/]*)\.so(?:\.[\d.]+)?(?: \(deleted\))?$/.test(name);
