import {accessSync, constants, statSync} from 'node:fs';
import {constants as osConstants} from 'node:os';
import {getSystemErrorMap} from 'node:util';
import {Trouble} from '../../model/trouble.ts';
import type {Command, Refusal} from './gate.ts';
import {EXIT} from '../../shell/exit.ts';

/** What follows a flag in a word of its own. */
const VALUE_FLAGS = new Set(['-o', '--output', '--interval', '--record', '--max-duty', '--max-stall', '--proc-root']);
const OUR_FLAG = /^(-o|--(output|json|interval|record|no-aslr|max-duty|max-stall|color|no-color))/;

/**
 * Takes the words of a call apart: ours, and the command with its arguments, which begin behind the first `--`. Without
 * one the command begins with the first word that is no flag, if none of its own flags could be meant for us.
 *
 * @throws Trouble `usage`
 */
export function splitCall(words: readonly string[]): {own: string[]; command: readonly string[]} {
  const first = firstWord(words);
  const dashes = words.indexOf('--');
  const isClear = dashes === first || (dashes < 0 && !words.slice(first).some((word) => OUR_FLAG.test(word)));
  const command = words.slice(dashes === first ? first + 1 : first);
  if (command.length > 0 && isClear) return {own: words.slice(0, first), command};
  const [what, why] =
    command.length === 0
      ? ['No command was given.', 'memmap run starts a command.']
      : ['It is not clear where the command begins.', `"${command[0]}" stands before flags that could be memmap's.`];
  throw new Trouble({
    kind: 'usage',
    what,
    why,
    next: 'Put the command behind --, for example: memmap run -o report.txt -- ls -l',
  });
}

/** Where the first word is that belongs to no flag of ours, or the `--`. */
function firstWord(words: readonly string[]): number {
  let at = 0;
  while (at < words.length && words[at] !== '--' && words[at]!.startsWith('-'))
    at += VALUE_FLAGS.has(words[at]!) ? 2 : 1;
  return Math.min(at, words.length);
}

/** The command could not be started. `code` is what a shell would end with. */
class CannotStart extends Trouble {
  readonly code: number;

  constructor(code: number, command: string, why: string, next: string) {
    super({kind: 'input', what: `Cannot run ${command}.`, why, next});
    this.code = code;
  }
}

/**
 * Finds a command as execvp(3) does: a name with a slash is a path, any other is looked for in the folders of PATH.
 *
 * @throws CannotStart with 127 if there is none, with 126 if it may not be executed
 */
export function findCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Command {
  const [name = ''] = argv;
  const folders = (env['PATH'] ?? '/bin:/usr/bin').split(':').map((folder) => folder || '.');
  const paths = name.includes('/') ? [name] : folders.map((folder) => `${folder}/${name}`);
  const faults = paths.map((path) => ({path, fault: name === '' ? 'ENOENT' : faultOf(path)}));
  const found = faults.find(({fault}) => fault === undefined);
  if (found) return {path: found.path, argv, env};
  const refused = faults.find(({fault}) => fault !== 'ENOENT' && fault !== 'ENOTDIR');
  if (refused) throw cannotExecute(refused.path, refused.fault!);
  const why = name.includes('/') ? 'there is no such file (ENOENT).' : 'no folder in PATH has a command of that name.';
  throw new CannotStart(127, name === '' ? '""' : name, why, 'Check its name, or give its path: memmap run -- ./name');
}

function faultOf(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'EISDIR';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  }
}

/** What the kernel answered to execve or personality, as an error in three parts. */
export function refusalTrouble({of, errno}: Refusal, {path}: Command): Trouble {
  const name = Object.entries(osConstants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  const words = getSystemErrorMap().get(-errno)?.[1];
  if (of === 'execute') return cannotExecute(path, name, words);
  const why = `${words ?? 'the kernel refused it'} (${name}). In a container, its seccomp profile may forbid personality(2).`;
  return new Trouble({
    kind: 'denied',
    what: 'Cannot turn off the random placing of memory.',
    why,
    next: 'Leave out --no-aslr.',
  });
}

function cannotExecute(path: string, errno: string, words = 'the kernel refused it'): CannotStart {
  const [why, next] = REASONS[errno] ?? [words, `Try it without memmap: ${path}`];
  return new CannotStart(errno === 'ENOENT' ? 127 : 126, path, `${why} (${errno}).`, next);
}

const REASONS: Readonly<Record<string, readonly [why: string, next: string]>> = {
  ENOENT: ['the interpreter that it names does not exist', 'Look at its first line, or at: readelf -l FILE'],
  EACCES: [
    'it may not be executed: permission denied, or its file system is mounted noexec',
    'chmod +x FILE, or name its interpreter: memmap run -- sh FILE',
  ],
  EISDIR: ['it is a directory', 'Name a program in it.'],
  ENOEXEC: [
    'it is neither a program for this machine nor a script that begins with #!',
    'If it is a script, name its interpreter: memmap run -- sh FILE',
  ],
  E2BIG: ['its arguments and environment are too long', 'Give it less, or use xargs.'],
  ETXTBSY: ['somebody is writing to it', 'Try again when that is done.'],
};

/** The code that memmap ends with when the command could not be started. */
export const codeOfRefusal = (trouble: Trouble): number =>
  trouble instanceof CannotStart ? trouble.code : EXIT[trouble.kind];
