import type {Word} from '../word.ts';

const line = (word: Omit<Word, 'group' | 'unit' | 'source'> & {unit?: string}): Word => ({
  group: 'status',
  unit: 'none',
  source: 'proc_pid_status(5); fs/proc/array.c, proc_pid_status()',
  ...word,
});

/** status: who the process is, and the switches that concern its memory; those lines that memmap keeps. */
export const IDENTITY_WORDS: readonly Word[] = [
  line({
    names: ['comm', 'Name'],
    meaning:
      'The name of a process or thread, up to 15 bytes: what was executed, or what it called itself. status has it as Name.',
    traps: 'A program can give itself any name, with any bytes. exe says what really runs.',
    related: ['State', 'Tgid'],
  }),
  line({
    names: ['State'],
    meaning:
      'What the process does: R runs, S sleeps, D waits for I/O, T is stopped, t is stopped by a debugger, Z is a zombie, I is an idle kernel thread.',
    traps: 'A zombie has no memory. A process whose first thread has ended shows Z too, while the others live on.',
    related: ['Threads', 'comm'],
  }),
  line({
    names: ['Tgid'],
    unit: 'number',
    meaning: 'The PID of the process: the thread group that this thread belongs to.',
    related: ['Pid', 'NSpid'],
  }),
  line({
    names: ['Pid'],
    unit: 'number',
    meaning: 'The id of this thread; for the first thread it is the PID.',
    related: ['Tgid', 'NSpid'],
  }),
  line({names: ['PPid'], unit: 'number', meaning: 'The PID of the parent.', related: ['Pid']}),
  line({
    names: ['TracerPid'],
    unit: 'number',
    meaning: 'The PID of the debugger that traces it; 0 if there is none.',
    related: ['State'],
  }),
  line({
    names: ['Threads'],
    unit: 'number',
    meaning:
      'How many threads the process has. They share one address space: memory belongs to the process, not to a thread.',
    related: ['thread-stack', 'arena'],
  }),
  line({
    names: ['Uid', 'Gid'],
    unit: 'four numbers',
    meaning: 'The real, effective, saved and file-system user (group). memmap keeps the real one.',
  }),
  line({
    names: ['FDSize'],
    unit: 'number',
    meaning: 'For how many open files there is room now; the kernel grows it by doubling.',
    traps: 'Not the number of open files.',
  }),
  line({names: ['Umask'], unit: 'octal', meaning: 'The permissions that new files do not get.', since: '4.7'}),
  line({
    names: ['NSpid'],
    unit: 'numbers',
    meaning: 'The PID in each PID namespace that the process is in: outside first, innermost container last.',
    since: '4.1',
    related: ['Pid'],
  }),
  line({
    names: ['Kthread'],
    unit: '1 (yes) or 0 (no)',
    meaning: 'Is it a thread of the kernel? Those have no memory of their own.',
    since: '6.8',
  }),
  line({
    names: ['Seccomp'],
    unit: '0, 1 or 2',
    meaning: 'Are its system calls filtered: no, only a few allowed, by a filter.',
    since: '3.8',
  }),
  line({
    names: ['CoreDumping'],
    unit: '1 (yes) or 0 (no)',
    meaning: 'Is it dumping core now? Then it has crashed, and is still there only for that.',
    since: '4.15',
  }),
  line({
    names: ['THP_enabled'],
    unit: '1 (yes) or 0 (no)',
    meaning: 'May the process get transparent huge pages? 0 after prctl(PR_SET_THP_DISABLE).',
    since: '5.0',
    related: ['huge page', 'AnonHugePages'],
  }),
  line({
    names: ['untag_mask'],
    meaning:
      'Which bits of an address count: with linear address masking (x86) a program may use the top bits for itself.',
    since: '6.4, on x86',
  }),
  line({
    names: ['x86_Thread_features', 'x86_Thread_features_locked'],
    meaning: 'Protections of this thread that the processor gives: shstk is a shadow stack.',
    since: '6.6, on x86',
    related: ['ss'],
  }),
];
