import type {Word} from '../word.ts';

const idea = (word: Omit<Word, 'group' | 'unit'> & {unit?: string}): Word => ({group: 'idea', unit: 'none', ...word});

/** Words of the field: how programs get, use and lay out memory, and how memmap looks at it. */
export const PROGRAM_WORDS: readonly Word[] = [
  idea({
    names: ['brk', 'program break', 'sbrk'],
    meaning:
      'The end of the heap: brk(2) moves it. It is the oldest way to get memory, and malloc still begins with it.',
    traps: 'It is not the end of the data: the kernel puts a random distance between.',
    source: 'brk(2)',
    related: ['heap', '[heap]', 'start_brk', 'RLIMIT_DATA'],
  }),
  idea({
    names: ['mmap'],
    meaning: 'Maps a file, or fresh memory, into the address space. malloc takes large blocks this way.',
    source: 'mmap(2)',
    related: ['anon', 'file', 'brk', 'munmap'],
  }),
  idea({
    names: ['munmap'],
    meaning: 'Takes a range out of the address space; its memory comes free if nobody else has it.',
    source: 'munmap(2)',
    related: ['gone', 'shrunk'],
  }),
  idea({
    names: ['mremap'],
    meaning:
      'Makes a mapping larger or smaller, and moves it if need be, without copying: realloc uses it for large blocks.',
    source: 'mremap(2)',
    related: ['moved', 'grown'],
  }),
  idea({
    names: ['mprotect'],
    meaning: 'Changes the permissions of a range, which may cut its region in two or three.',
    source: 'mprotect(2)',
    related: ['reprotected', 'perms', 'mr', 'relro'],
  }),
  idea({
    names: ['mlock'],
    meaning: 'Locks memory into RAM: it becomes resident at once and is not swapped out.',
    source: 'mlock(2)',
    related: ['lo', 'Locked', 'RLIMIT_MEMLOCK'],
  }),
  idea({
    names: ['madvise'],
    meaning:
      'Tells the kernel how memory will be used, or that it is not needed: MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_SEQUENTIAL and others.',
    source: 'madvise(2)',
    related: ['MADV_DONTNEED', 'MADV_FREE', 'hg', 'sr'],
  }),
  idea({
    names: ['MADV_DONTNEED'],
    meaning: 'Gives pages back at once and keeps the addresses: they read as zeros afterwards (or as the file).',
    source: 'madvise(2)',
    related: ['MADV_FREE', 'touched'],
  }),
  idea({
    names: ['MADV_FREE'],
    meaning: 'Gives pages back when the kernel needs them, and keeps the addresses. Until then they count as resident.',
    since: '4.5',
    source: 'madvise(2)',
    related: ['LazyFree', 'MADV_DONTNEED'],
  }),
  idea({
    names: ['userfaultfd'],
    meaning:
      'A way for a program to handle page faults of its own memory: live migration of virtual machines, some garbage collectors.',
    since: '4.3',
    source: 'userfaultfd(2)',
    related: ['um', 'uw', 'ui'],
  }),
  idea({
    names: ['malloc', 'allocator'],
    meaning:
      "The library's heap: it takes memory from the kernel in large pieces (brk, mmap) and hands it out in small ones.",
    traps: 'What free returns goes to malloc, and only sometimes to the kernel.',
    source: 'malloc(3), mallopt(3)',
    related: ['heap', 'arena', 'fragmentation'],
  }),
  idea({
    names: ['ASLR', 'address space layout randomization'],
    meaning:
      "Stack, mmap area, brk and most programs lie at other random addresses in each run, so that an attacker can't know them.",
    traps: 'setarch -R COMMAND runs a command without it.',
    source: 'proc_sys_kernel(5), randomize_va_space',
    related: ['PIE', 'moved', 'start_brk'],
  }),
  idea({
    names: ['PIE', 'position independent executable'],
    meaning: 'A program that can run at any address; others lie where their linker put them, on x86-64 at 0x400000.',
    source: 'ld(1), -pie; elf(5), ET_DYN',
    related: ['ASLR', 'segment'],
  }),
  idea({
    names: ['segment', 'PT_LOAD'],
    meaning:
      'A part of an ELF file that is mapped as one piece with one set of permissions. A program or library has some four or five.',
    traps: 'Not the same as a section: segments are what the kernel maps, sections are what the linker made them of.',
    source: 'elf(5), PT_LOAD',
    related: ['program header', 'section', 'region'],
  }),
  idea({
    names: ['section'],
    meaning:
      'A named part of an ELF file: .text is code, .rodata constants, .data variables, .bss variables that start as zero, .got addresses that the linker fills in, .plt jumps to other libraries.',
    source: 'elf(5)',
    related: ['segment', 'symbol'],
  }),
  idea({
    names: ['program header', 'Phdr'],
    meaning: 'An entry of the table in an ELF file that says what to map where.',
    source: 'elf(5), Elf64_Phdr',
    related: ['segment', 'relro'],
  }),
  idea({
    names: ['symbol', '.symtab', '.dynsym'],
    meaning:
      'A name for an address in an ELF file: a function or a variable. .dynsym has those that other files use, .symtab has all.',
    traps: 'strip(1) takes .symtab away: then the nearest name before an address can be that of another function.',
    source: 'elf(5), nm(1)',
    related: ['section'],
  }),
  idea({
    names: ['shared memory', 'shm'],
    meaning:
      "Memory that several processes map: SysV (shmget), POSIX (shm_open, files in /dev/shm), memfd, or MAP_SHARED|MAP_ANONYMOUS with one's children.",
    source: 'shm_overview(7), sysvipc(7)',
    related: ['shared', 'memfd', 'RssShmem'],
  }),
  idea({
    names: ['snapshot'],
    meaning: 'All regions of one process at one moment, with its status.',
    source: 'memmap snapshot --help',
    related: ['torn', 'maps'],
  }),
  idea({
    names: ['torn'],
    meaning:
      'Of a listing: lines overlap or go backwards, since the process changed its map while it was read. memmap reads again up to three times, and marks what stays torn.',
    source: 'Documentation/filesystems/proc.rst, "reading /proc/PID/maps … is inherently racy"',
    related: ['maps', 'snapshot'],
  }),
];
