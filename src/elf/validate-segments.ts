/* What the kernel maps: the program headers. */
import * as elf from './elf.ts';
import type {Machine} from './program.ts';

/** The lowest address an ordinary user's program may have where vm.mmap_min_addr is as distributions set it. */
const LOWEST = 0x10000;

/** Checks the program headers against each other and the file. One sentence for each problem. */
export function checkSegments(
  file: Uint8Array,
  machine: Machine,
  header: elf.FileHeader,
  segments: readonly elf.ProgramHeader[],
): string[] {
  const loads = segments.filter(({p_type}) => p_type === elf.PT_LOAD);
  const problems = segments.flatMap((segment, i) =>
    checkSegment(file, machine, segment).map((text) => `Segment ${i}: ${text}`),
  );
  problems.push(...checkOrder(loads, machine.pageSize), ...checkEntry(header.e_entry, machine, loads));

  const first = loads[0];
  const headersEnd = header.e_phoff + segments.length * elf.PROGRAM_HEADER_SIZE;
  if (!first || first.p_offset !== 0 || first.p_filesz < headersEnd) {
    problems.push('The first PT_LOAD does not map the headers.');
  }
  for (const [type, name] of [
    [elf.PT_GNU_STACK, 'PT_GNU_STACK'],
    [elf.PT_NOTE, 'PT_NOTE'],
  ] as const) {
    const count = segments.filter(({p_type}) => p_type === type).length;
    if (count !== 1) problems.push(`There are ${count} ${name} headers instead of one.`);
  }
  const note = segments.find(({p_type}) => p_type === elf.PT_NOTE);
  if (note) problems.push(...checkNote(file, note, loads));
  return problems;
}

// --- internal ---

function checkSegment(file: Uint8Array, machine: Machine, segment: elf.ProgramHeader): string[] {
  const {p_type, p_flags, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align} = segment;
  const problems: string[] = [];
  const wrong = (when: boolean, text: string): void => void (when && problems.push(text));

  wrong(p_paddr !== p_vaddr, 'p_paddr is not p_vaddr.');
  wrong(p_offset + p_filesz > file.length, 'it ends behind the end of the file.');
  if (p_type === elf.PT_GNU_STACK) {
    wrong(p_flags !== elf.PF_R + elf.PF_W, 'the stack is not readable and writable only.');
    wrong(p_offset + p_vaddr + p_filesz + p_memsz !== 0, 'PT_GNU_STACK has a place or a size.');
    wrong(p_align !== 16, 'PT_GNU_STACK has another alignment than 16.');
    return problems;
  }
  if (p_type === elf.PT_NOTE) {
    wrong(p_flags !== elf.PF_R, 'the note is not read-only.');
    wrong(p_filesz !== p_memsz, 'the note has another size in memory than in the file.');
    wrong(p_align !== 4 || p_offset % 4 !== 0, 'the note is not aligned to 4.');
    return problems;
  }
  if (p_type !== elf.PT_LOAD) return [...problems, `p_type ${p_type} is not expected.`];

  const allowed = [elf.PF_R, elf.PF_R + elf.PF_X, elf.PF_R + elf.PF_W];
  wrong(!allowed.includes(p_flags), 'its permissions are none of r--, r-x, rw-.');
  wrong(p_memsz === 0, 'it is empty.');
  wrong(p_memsz < p_filesz, 'p_memsz is less than p_filesz.');
  // The kernel has to make the page with the zeros writable, and adds it to whatever the segment's flags are: on a
  // segment with PF_X that page is rwx.
  wrong(p_memsz > p_filesz && (p_flags & elf.PF_W) === 0, 'it has zeros behind its bytes but is not writable.');
  wrong(p_align !== machine.pageSize, 'p_align is not the page size.');
  wrong((p_offset - p_vaddr) % machine.pageSize !== 0, 'p_offset and p_vaddr differ in their place in the page.');
  wrong(p_vaddr < LOWEST || p_vaddr + p_memsz > machine.addressesEnd, 'it is not at an address for user programs.');
  return problems;
}

/** Ascending, and no page belongs to two: the kernel maps with MAP_FIXED, so the later of two wins without a word. */
function checkOrder(loads: readonly elf.ProgramHeader[], pageSize: number): string[] {
  const problems: string[] = [];
  let end = 0;
  loads.forEach(({p_vaddr, p_memsz}, i) => {
    if (Math.floor(p_vaddr / pageSize) * pageSize < end) {
      problems.push(`PT_LOAD ${i} shares a page with one before it, or lies below it.`);
    }
    end = Math.ceil((p_vaddr + p_memsz) / pageSize) * pageSize;
  });
  return problems;
}

function checkEntry(entry: number, machine: Machine, loads: readonly elf.ProgramHeader[]): string[] {
  if (entry % machine.codeAlign !== 0) return [`The entry point is no multiple of ${machine.codeAlign}.`];
  const home = loads.find(({p_vaddr, p_filesz}) => entry >= p_vaddr && entry < p_vaddr + p_filesz);
  return home && (home.p_flags & elf.PF_X) !== 0 ? [] : ['The entry point is not in executable bytes of the file.'];
}

/** The note is one build-id, and mapped where it says: gdb, perf and crash reporters look for it in memory. */
function checkNote(file: Uint8Array, note: elf.ProgramHeader, loads: readonly elf.ProgramHeader[]): string[] {
  const {p_offset, p_vaddr, p_filesz} = note;
  const problems: string[] = [];
  const home = loads.find((load) => p_offset >= load.p_offset && p_offset + p_filesz <= load.p_offset + load.p_filesz);
  if (!home || p_vaddr - home.p_vaddr !== p_offset - home.p_offset) problems.push('The note is not mapped.');

  const {n_namesz, n_descsz, n_type} = elf.decode(file, elf.NOTE, p_offset);
  const name = String.fromCodePoint(...file.subarray(p_offset + elf.NOTE_SIZE, p_offset + elf.NOTE_SIZE + 4));
  const isBuildId = n_namesz === 4 && name === 'GNU\0' && n_descsz === elf.BUILD_ID_SIZE;
  if (!isBuildId || n_type !== elf.NT_GNU_BUILD_ID || p_filesz !== elf.NOTE_SIZE + n_namesz + n_descsz) {
    problems.push('The note is not a build-id of 20 bytes.');
  }
  return problems;
}
