/** What can stand at a place of the command line. */
export type Values =
  /** These words. `isList`: several, separated by commas. `ends`: what follows a word at once, instead of a blank. */
  | {readonly are: 'words'; readonly words: readonly string[]; readonly isList?: boolean; readonly ends?: '='}
  /** The PID or the name of a process; a file too, or a word, where the others are given. */
  | {readonly are: 'targets'; readonly withFiles: boolean; readonly words: readonly string[]}
  | {readonly are: 'files'}
  /** The name of a region of the process that the argument before it names. */
  | {readonly are: 'regions'}
  /** A number, a time, a text: nothing can be proposed. */
  | {readonly are: 'free'};

/** A flag of a command. */
export interface PlannedFlag {
  readonly name: string;
  readonly char?: string | undefined;
  /** In a few words. */
  readonly about: string;
  /** There is --no-NAME too. */
  readonly isNegatable: boolean;
  readonly isRepeatable: boolean;
  /** What it takes; undefined for a switch. */
  readonly values?: Values | undefined;
}

/** A command: its name, its flags, and what its arguments are. */
export interface PlannedCommand {
  readonly name: string;
  readonly about: string;
  readonly flags: readonly PlannedFlag[];
  readonly args: readonly Values[];
  /** A command line of another program follows `--`. */
  readonly startsCommand: boolean;
}

/** All that a shell must know to complete a command line of memmap. */
export type Plan = readonly PlannedCommand[];

/** A flag as oclif.manifest.json has it. */
interface ManifestFlag {
  readonly name: string;
  readonly char?: string;
  readonly type: string;
  readonly description?: string;
  readonly summary?: string;
  readonly hidden?: boolean;
  readonly allowNo?: boolean;
  readonly multiple?: boolean;
  readonly options?: readonly string[];
  readonly helpValue?: string | readonly string[];
}

/** The part of a command in oclif.manifest.json that matters here. */
export interface ManifestCommand {
  readonly id: string;
  readonly hidden?: boolean;
  readonly summary?: string;
  readonly usage?: string | readonly string[];
  readonly flags: Readonly<Record<string, ManifestFlag>>;
  readonly args: Readonly<
    Record<string, {readonly name: string; readonly description?: string; readonly options?: readonly string[]}>
  >;
}

/** The closed sets that the manifest does not have: the values of flags by `COMMAND --FLAG` or `--FLAG`, and others. */
export interface Sets {
  readonly flags: ReadonlyMap<string, Extract<Values, {are: 'words'}>>;
  readonly lessons: readonly string[];
  /** What `explain` knows. */
  readonly glossary: readonly string[];
}

/**
 * @param commands of oclif.manifest.json, which oclif's command classes were written to at build time
 * @returns what each command, each flag and each argument can be
 */
export function planOf(commands: Readonly<Record<string, ManifestCommand>>, sets: Sets): Plan {
  const planned = Object.values(commands)
    .filter(({hidden}) => !hidden)
    .map((command) => plannedCommand(command, sets));
  const names: Values = {are: 'words', words: planned.map(({name}) => name)};
  const help = {name: 'help', about: 'show the help of a command', flags: [], args: [names], startsCommand: false};
  return [...planned, help].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function plannedCommand({id, summary = '', usage, flags, args}: ManifestCommand, sets: Sets): PlannedCommand {
  return {
    name: id,
    about: brief(summary),
    flags: Object.values(flags)
      .filter(({hidden}) => !hidden)
      .map((flag) => ({
        name: flag.name,
        char: flag.char,
        about: brief(flag.summary ?? flag.description ?? ''),
        isNegatable: flag.allowNo === true,
        isRepeatable: flag.multiple === true,
        values: flag.type === 'option' ? valuesOfFlag(id, flag, sets) : undefined,
      })),
    args: Object.values(args).reduce<readonly Values[]>(
      (before, {description = '', options}) => [
        ...before,
        options ? {are: 'words', words: options} : (valuesOfArgument(description, sets) ?? before.at(-1) ?? FREE),
      ],
      [],
    ),
    startsCommand: /-- <command>/.test(String(usage)),
  };
}

const FREE: Values = {are: 'free'};

function valuesOfFlag(command: string, {name, options, helpValue}: ManifestFlag, sets: Sets): Values {
  if (options) return {are: 'words', words: options};
  if (helpValue === '<file>') return {are: 'files'};
  return sets.flags.get(`${command} --${name}`) ?? sets.flags.get(`--${name}`) ?? FREE;
}

/** What an argument takes is what its description in --help names. @returns undefined for `the same` as before */
function valuesOfArgument(description: string, {lessons, glossary}: Sets): Values | undefined {
  if (/^the same\b/.test(description)) return undefined;
  if (/\blesson\b/.test(description)) return {are: 'words', words: lessons};
  const withFiles = /\b(file|listing|recording|snapshot)\b/.test(description);
  if (/\bprocess\b/.test(description)) {
    return {are: 'targets', withFiles, words: /\bword\b/.test(description) ? glossary : []};
  }
  if (withFiles) return {are: 'files'};
  return /\b(region|address|range)\b/.test(description) ? {are: 'regions'} : FREE;
}

/** Most characters of what a list says beside a flag: a terminal has 80 columns. */
const BRIEF = 56;

/** The first clause of a description, or as many whole words of it as have room. */
function brief(description: string): string {
  const clause = description.split(/[:;]\s|\s\(/, 1)[0]!;
  return clause.length <= BRIEF ? clause : `${clause.slice(0, BRIEF - 1).replace(/\W*\s\S*$/, '')}…`;
}

/** The commands that start a program. */
export const starters = (plan: Plan): readonly string[] =>
  plan.flatMap(({name, startsCommand}) => (startsCommand ? [name] : []));

/** Flags that take a value, as they are typed: `--sort`, `-o`. */
export const valuedFlags = ({flags}: PlannedCommand): readonly string[] =>
  flags.filter(({values}) => values).flatMap(spellings);

/** How a flag is typed. */
export const spellings = ({name, char}: PlannedFlag): readonly string[] => [...(char ? [`-${char}`] : []), `--${name}`];
