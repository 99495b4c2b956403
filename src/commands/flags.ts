import {Args, Flags, type Interfaces} from '@oclif/core';
import type {CauseOptions} from '../features/cause/cause.ts';
import {Trouble} from '../model/trouble.ts';
import type {IfThere} from '../shell/file.ts';
import {parseDuration, parsePercent} from '../shell/values.ts';

// Standard input is read where `-` is given, and never for an argument that is missing.
const arg = (description: string) => ({description, required: true, ignoreStdin: true}) as const;

/** Words that begin a group, in --help. */
export const GROUPS = 'cgroup:PATH, unit:NAME, container:ID';

export const TARGET_ARG = Args.string(arg('a PID, a file, - for standard input, or the name of a process'));
export const TARGET_OR_GROUP_ARG = Args.string(
  arg(`a PID, a file, - for standard input, the name of a process, or ${GROUPS}`),
);
export const PROCESS_OR_GROUP_ARG = Args.string(arg(`a PID, the name of a process, or ${GROUPS}`));
export const PROCESS_ARG = Args.string(arg('a PID, or the name of a process'));
export const RECORDING_ARG = Args.string(arg('a recording, made with memmap record'));

/** @param what that reading may do: `reading may hold up a process` */
export const maxStall = (what: string) =>
  Flags.string({description: `for how long ${what}`, default: '50ms', helpValue: '<time>'});

/** What repeated sampling may cost the process: the flags of each command that does it. */
export const BUDGET_FLAGS = {
  'max-stall': maxStall('one sample may hold up the process'),
  'max-duty': Flags.string({
    description:
      'the part of the time, in percent, that reading smaps may take of a processor, with pauses of 5 s at most; ' +
      '0 for never',
    default: '2',
    helpValue: '<percent>',
  }),
};

/** Of a command that can say which calls made a change. */
export const CAUSE_FLAGS = {
  cause: Flags.boolean({
    description: 'say which system calls made each change, and from where: needs root or CAP_PERFMON (docs/cause.md)',
  }),
  touched: Flags.boolean({
    description: 'with --cause: say who touched memory too (1 of 32 page faults is sampled)',
    dependsOn: ['cause'],
  }),
  frames: Flags.string({
    description:
      'with --cause: the functions of a stack that are shown; own leaves out those of allocators, the loader and ' +
      "libc's start",
    options: ['own', 'all'],
    helpValue: 'own|all',
    dependsOn: ['cause'],
  }),
  'cause-engine': Flags.string({
    description:
      'with --cause: what watches the calls; perf events never stop the process; ptrace, for run ' +
      'alone and without root, stops it at each system call',
    options: ['perf', 'ptrace'],
    helpValue: 'perf|ptrace',
    dependsOn: ['cause'],
  }),
};

/**
 * What the flags say; undefined without --cause.
 *
 * @param isRun ptrace(2) may be what watches
 * @throws Trouble `usage`
 */
export const causeOf = (
  flags: Interfaces.InferredFlags<typeof CAUSE_FLAGS> & {readonly json: boolean; readonly 'proc-root': string},
  isRun = false,
): CauseOptions | undefined =>
  flags.cause
    ? {
        touched: flags.touched,
        frames: flags.frames === 'all' ? 'all' : 'own',
        tellsCalls: flags.json,
        root: flags['proc-root'],
        engine: engineOf(flags, isRun),
      }
    : undefined;

function engineOf(
  {'cause-engine': engine, touched}: Interfaces.InferredFlags<typeof CAUSE_FLAGS>,
  isRun: boolean,
): CauseOptions['engine'] {
  if (engine !== 'ptrace') return 'perf';
  const refused = (why: string, next: string): Trouble =>
    new Trouble({kind: 'usage', what: 'The calls cannot be watched by ptrace(2).', why, next});
  if (!isRun)
    throw refused(
      'it would stop a process that runs at each of its system calls, and only memmap run starts one for that.',
      'Leave out --cause-engine, or: memmap run --cause --cause-engine ptrace -- COMMAND',
    );
  if (touched) throw refused('--touched needs page faults, which only perf events tell.', 'Leave out one of the two.');
  return engine;
}

/** What the flags say, for a Session. @throws Trouble `usage` */
export const budgetOf = (
  flags: Interfaces.InferredFlags<typeof BUDGET_FLAGS>,
): {readonly maxStall: number; readonly maxDuty: number} => ({
  maxStall: parseDuration(flags['max-stall']),
  maxDuty: parsePercent(flags['max-duty']),
});

/** Of a command that samples repeatedly. */
export const interval = (time: string) =>
  Flags.string({description: 'time between two samples', default: time, helpValue: '<time>'});

/** Of a command that runs until something ends it. */
export const LIMIT_FLAGS = {
  count: Flags.integer({description: 'end after this many samples', min: 1, helpValue: '<number>'}),
  for: Flags.string({description: 'end after this time (10s, 2m; a bare number is seconds)', helpValue: '<time>'}),
};

/** Which processes of a machine, for ps and top. */
export const PROCESSES_ARG = Args.string({
  description: 'PIDs or names of a process, or cgroup:PATH, unit:NAME, container:ID; all by default',
  multiple: true,
  ignoreStdin: true,
});

export const PROCESSES_FLAGS = {
  filter: Flags.string({
    description: 'only processes with this text in name, title, user, unit or cgroup; or /a regular expression/',
    helpValue: '<text>',
  }),
  'min-size': Flags.string({description: 'only rows with at least this PSS', helpValue: '<size>'}),
  held: Flags.boolean({
    description: 'also what open descriptors hold: memfds, deleted files of tmpfs, dmabufs, memory of GPUs',
  }),
  'max-stall': maxStall('reading may hold up each process'),
};

/** @param description what does not matter */
export const leastSize = (description: string) => Flags.string({description, default: '64K', helpValue: '<size>'});

/** @param description what the file is for; @param exclusive what it can't be given with */
export const output = (description: string, exclusive?: string[]) =>
  Flags.string({char: 'o', description, helpValue: '<file>', ...(exclusive && {exclusive})});

/** Of a command that writes a file with -o. */
export const force = Flags.boolean({description: 'replace an existing file'});

/** What --force says. */
export const ifThere = ({force: isForced}: {readonly force: boolean}): IfThere => (isForced ? 'replace' : 'refuse');

/** The file that was named; undefined for `-`, and if none was. */
export const fileOf = (name: string | undefined): string | undefined => (name === '-' ? undefined : name);

/** What the value of a flag says; undefined if it was not given. */
export const given = <Value>(text: string | undefined, parse: (text: string) => Value): Value | undefined =>
  text === undefined ? undefined : parse(text);
