import {accessSync, constants, statSync} from 'node:fs';
import {constants as osConstants} from 'node:os';
import {getSystemErrorMap} from 'node:util';
import {Trouble} from '../../model/trouble.ts';
import type {Command} from './gate.ts';
import type {Refusal} from './protocol.ts';
import {EXIT} from '../../shell/exit.ts';

/** Flags whose value can be the next word. */
const VALUE_FLAGS = new Set([
  '-o',
  '--output',
  '--interval',
  '--record',
  '--max-duty',
  '--max-stall',
  '--proc-root',
  '--frames',
  '--cause-engine',
]);
const OUR_FLAG =
  /^(-o|--(output|json|force|interval|record|no-aslr|(no-)?children|max-duty|max-stall|cause|touched|frames|cause-engine|color|no-color))/;

/**
 * Splits the words of a call into ours and the command with its arguments, which begin after the first `--`. Without
 * one the command begins with the first word that is not a flag, provided that none of its flags could be meant for us.
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
      : ['It is not clear where the command begins.', `"${command[0]}" is followed by flags that could be memmap's.`];
  throw new Trouble({
    kind: 'usage',
    what,
    why,
    next: 'Put the command after --, for example: memmap run -o report.txt -- ls -l',
  });
}

/** The index of the first word that doesn't belong to one of our flags, or of the `--`. */
function firstWord(words: readonly string[]): number {
  let at = 0;
  while (at < words.length && words[at] !== '--' && words[at]!.startsWith('-'))
    at += VALUE_FLAGS.has(words[at]!) ? 2 : 1;
  return Math.min(at, words.length);
}

/** The command could not be started. `code` is the exit code that a shell would give. */
class CannotStart extends Trouble {
  readonly code: number;

  constructor(code: number, command: string, why: string, next: string) {
    super({kind: 'input', what: `Cannot run ${command}.`, why, next});
    this.code = code;
  }
}

/**
 * Finds a command as execvp(3) does: a name with a slash is a path, any other is searched for in PATH.
 *
 * @throws CannotStart with 127 if there is none, with 126 if it can't be executed
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
  const why = name.includes('/') ? 'there is no such file (ENOENT).' : 'no directory in PATH has that command.';
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

/** The kernel's refusal of execve(2) or personality(2), as an error in three parts. */
export function refusalTrouble({of, errno}: Refusal, {path}: Command): Trouble {
  const name = Object.entries(osConstants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  const words = getSystemErrorMap().get(-errno)?.[1];
  if (of === 'execute') return cannotExecute(path, name, words);
  const reason = `${words ?? 'the kernel refused it'} (${name}).`;
  return new Trouble({
    kind: 'denied',
    what: 'Cannot turn off address space layout randomization (ASLR).',
    why: `${reason} In a container, its seccomp profile may forbid personality(2).`,
    next: 'Leave out --no-aslr.',
  });
}

function cannotExecute(path: string, errno: string, words = 'the kernel refused it'): CannotStart {
  const [why, next] = REASONS[errno] ?? [words, `Try it without memmap: ${path}`];
  return new CannotStart(errno === 'ENOENT' ? 127 : 126, path, `${why} (${errno}).`, next);
}

const REASONS: Readonly<Record<string, readonly [why: string, next: string]>> = {
  ENOENT: ['the interpreter that it names does not exist', 'Check its first line, or: readelf -l FILE'],
  EACCES: [
    'it may not be executed: permission denied, or its file system is mounted noexec',
    'chmod +x FILE, or name its interpreter: memmap run -- sh FILE',
  ],
  EISDIR: ['it is a directory', 'Give the path of a program in it.'],
  ENOEXEC: [
    'it is neither a program for this machine nor a script that begins with #!',
    'If it is a script, name its interpreter: memmap run -- sh FILE',
  ],
  E2BIG: ['its arguments and environment are too long', 'Pass it less, or use xargs.'],
  ETXTBSY: ['it is open for writing', 'Try again once it is closed.'],
};

/** The code that memmap exits with when the command could not be started. */
export const codeOfRefusal = (trouble: Trouble): number =>
  trouble instanceof CannotStart ? trouble.code : EXIT[trouble.kind];
