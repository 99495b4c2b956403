import type {Word} from '../word.ts';

const pages = (word: Omit<Word, 'group' | 'unit' | 'source'>): Word => ({
  group: 'stat',
  unit: 'pages (the size of a page is not in the file)',
  source: 'proc_pid_statm(5); fs/proc/array.c, proc_pid_statm()',
  ...word,
});

const field = (number: number, word: Omit<Word, 'group' | 'unit' | 'source'> & {unit?: string}): Word => ({
  group: 'stat',
  unit: 'address, in decimal',
  source: `proc_pid_stat(5), field ${number}; fs/proc/array.c, do_task_stat()`,
  ...word,
});

const HIDDEN = 'Readers that may not trace the process see 0 instead.';

/** statm, and those fields of stat that concern memory. */
export const STAT_WORDS: readonly Word[] = [
  pages({names: ['size'], meaning: 'In statm: the address space, as VmSize.', related: ['VmSize', 'Size']}),
  pages({names: ['resident'], meaning: 'In statm: the resident memory, as VmRSS.', related: ['VmRSS', 'Rss']}),
  pages({
    names: ['shared'],
    meaning: 'In statm: resident pages of files and of shared memory, as RssFile + RssShmem.',
    traps: 'Not "shared with others": a file that only this process maps counts too.',
    related: ['RssFile', 'RssShmem'],
  }),
  pages({names: ['text'], meaning: 'In statm: the machine code of the executable, as VmExe.', related: ['VmExe']}),
  pages({names: ['lib'], meaning: 'In statm: always 0 since Linux 2.6.', related: ['VmLib']}),
  pages({
    names: ['data'],
    meaning: 'In statm: address space of data and stack, VmData + VmStk.',
    related: ['VmData', 'VmStk'],
  }),
  pages({names: ['dt'], meaning: 'In statm: always 0 since Linux 2.6.'}),
  field(22, {
    names: ['starttime', 'startTime'],
    unit: 'clock ticks after boot',
    meaning: 'When the process started. With the PID it tells a process from a later one with the same PID.',
    traps: 'exec does not change it.',
  }),
  field(23, {names: ['vsize'], unit: 'bytes', meaning: 'The address space, as VmSize.', related: ['VmSize']}),
  field(24, {
    names: ['rss'],
    unit: 'pages',
    meaning: 'In stat: the resident memory, as VmRSS.',
    traps: 'In pages here, in KiB in status and smaps.',
    related: ['VmRSS', 'Rss'],
  }),
  field(25, {
    names: ['rsslim'],
    unit: 'bytes',
    meaning: 'The limit RLIMIT_RSS.',
    traps: 'Linux does not enforce it since 2.4.30.',
    related: ['RLIMIT_RSS'],
  }),
  field(26, {
    names: ['startcode', 'startCode'],
    meaning: "The lowest address of the program's machine code.",
    traps: 'Readers that may not trace the process see 1 instead.',
    related: ['endcode', 'text'],
  }),
  field(27, {
    names: ['endcode', 'endCode'],
    meaning: "The highest address of the program's machine code.",
    traps: 'Readers that may not trace the process see 1 instead.',
    related: ['startcode', 'text'],
  }),
  field(28, {
    names: ['startstack', 'startStack'],
    meaning: 'Where the main stack began: where the kernel had put the number of arguments.',
    traps: `Arguments and environment lie above it. ${HIDDEN}`,
    related: ['[stack]'],
  }),
  field(29, {
    names: ['kstkesp'],
    meaning: 'The stack pointer.',
    traps:
      'Always 0 since Linux 4.11, but for a process that is ending; /proc/PID/syscall has it for a thread that waits.',
  }),
  field(30, {
    names: ['kstkeip'],
    meaning: 'The instruction pointer.',
    traps:
      'Always 0 since Linux 4.11, but for a process that is ending; /proc/PID/syscall has it for a thread that waits.',
  }),
  field(45, {
    names: ['start_data', 'startData'],
    meaning: "Where the program's variables begin.",
    traps: HIDDEN,
    since: '3.3',
    related: ['data', 'end_data'],
  }),
  field(46, {
    names: ['end_data', 'endData'],
    meaning: "Where the program's variables with a first value end; those that start as zero (bss) follow.",
    traps: HIDDEN,
    since: '3.3',
    related: ['bss', 'start_data'],
  }),
  field(47, {
    names: ['start_brk', 'startBrk'],
    meaning: 'Where the brk area begins. Where it ends, the program break, is in no file: it is the end of [heap].',
    traps: `It is up to 1 GiB behind the end of the data, at random. ${HIDDEN}`,
    since: '3.3',
    related: ['brk', '[heap]', 'ASLR'],
  }),
  field(48, {
    names: ['arg_start', 'argStart'],
    meaning: 'Where the command line begins, in the stack.',
    traps: `The program can overwrite it, and so change what ps shows. ${HIDDEN}`,
    since: '3.5',
    related: ['[stack]', 'arg_end'],
  }),
  field(49, {
    names: ['arg_end', 'argEnd'],
    meaning: 'Where the command line ends.',
    traps: HIDDEN,
    since: '3.5',
    related: ['arg_start'],
  }),
  field(50, {
    names: ['env_start', 'envStart'],
    meaning: 'Where the environment begins, in the stack.',
    traps: HIDDEN,
    since: '3.5',
    related: ['[stack]', 'env_end'],
  }),
  field(51, {
    names: ['env_end', 'envEnd'],
    meaning: 'Where the environment ends.',
    traps: HIDDEN,
    since: '3.5',
    related: ['env_start'],
  }),
  field(52, {
    names: ['exit_code'],
    unit: 'number, as waitpid(2) gives it',
    meaning: 'How the process ended, while it is a zombie.',
    traps: HIDDEN,
    since: '3.5',
  }),
];
