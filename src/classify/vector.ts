import {isPrivate, isWritable, type Region} from '../model/region.ts';
import type {Decision, Space} from './space.ts';

/**
 * Where a source prints no names of memory without a file (a core file): what the auxiliary vector points to, and what
 * the kernel puts beside it.
 */
export function tellVector(space: Space): void {
  const {auxv} = space.clues;
  if (!auxv) return;
  const isNameless = (index: number): boolean => index >= 0 && space.at(index).inode === '' && !isFile(space.at(index));
  const vdso = auxv.vdso === undefined ? -1 : space.find(auxv.vdso);
  if (isNameless(vdso)) {
    space.tell(vdso, VDSO);
    for (let index = vdso - 1; isNameless(index) && space.touchesAbove(index); index--) {
      if (space.at(index).perms !== 'r--p') break;
      space.tell(index, VVAR);
    }
  }
  const stack = auxv.execfn === undefined ? -1 : space.find(auxv.execfn);
  if (isNameless(stack)) space.tell(stack, STACK);
  if (isNameless(stack) || isNameless(vdso)) tellBrk(space);
}

const isFile = ({name}: Region): boolean => name.startsWith('/');

/**
 * The brk area begins after the program's last variables, up to 1 GiB further on (arch_randomize_brk(), on x86-64 and
 * arm64), and nothing of mmap is placed between.
 */
function tellBrk(space: Space): void {
  const phdr = space.clues.auxv?.phdr;
  const first = phdr === undefined ? -1 : space.find(phdr);
  if (first < 0 || !isFile(space.at(first))) return;
  const program = space.at(first).name;
  let {end} = space.at(first);
  for (let index = first + 1; index < space.length; index++) {
    const region = space.at(index);
    if ((region.name !== program && region.name !== '') || region.start - end > FARTHEST) return;
    if (region.name === '' && space.isOpen(index)) {
      if (isBrk(region)) tellFrom(space, index);
      return;
    }
    end = region.end;
  }
}

const isBrk = (region: Region): boolean => region.name === '' && isWritable(region) && isPrivate(region);

/** mprotect(2) may have cut it into pieces. */
function tellFrom(space: Space, first: number): void {
  for (let index = first; index < space.length; index++) {
    const isMore = index === first || space.touchesBelow(index);
    if (!isMore || !space.isOpen(index) || !isBrk(space.at(index))) return;
    space.tell(index, BRK);
  }
}

/** Bytes: the farthest that the kernel moves the break, and a page. */
const FARTHEST = 2 ** 30 + 4096;

const VDSO: Decision = {kind: 'vdso', evidence: 'AT_SYSINFO_EHDR of the auxiliary vector points to it'};
const VVAR: Decision = {
  kind: 'vvar',
  evidence: 'it touches the vdso from below, where the kernel has its data for it',
  confidence: 'guess',
};
const STACK: Decision = {
  kind: 'stack',
  evidence: "AT_EXECFN of the auxiliary vector points into it: the program's name is at the top of its stack",
};
const BRK: Decision = {
  kind: 'heap',
  label: 'the brk area',
  evidence: 'the first writable memory after the variables of the program, where the kernel puts the brk area',
  confidence: 'guess',
};
