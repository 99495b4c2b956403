import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {Trouble} from '../model/trouble.ts';
import {builtFile} from '../shell/built.ts';
import {privateCopies} from '../shell/copy.ts';

/** A helper's program, which is made at build time. @returns undefined if there is none for `arch` */
export function programFile(name: string, arch: string = process.arch): string | undefined {
  const file = builtFile(`helpers/${name}.${arch}`);
  return existsSync(file) ? file : undefined;
}

/**
 * What a helper is for, in a message: `the helper that opens perf events`; and the processors for which there is one.
 */
interface Purpose {
  readonly what: string;
  readonly processors: string;
}

/**
 * Starts a helper, in a session of its own: Ctrl-C is for memmap, which then reads what is left. It has nothing open
 * but a socket to us, on descriptor 3.
 *
 * @throws Trouble `denied` if there is none for this processor, or it may not be executed anywhere
 */
export async function startHelper(
  file: string | undefined,
  {what, processors}: Purpose,
): Promise<{readonly child: ChildProcess; readonly pid: number}> {
  const tried: string[] = [];
  for (const place of file === undefined ? [] : [() => ({path: file, cleanUp: () => {}}), ...privateCopies(file)]) {
    const copy = place();
    if ('why' in copy) {
      tried.push(`${copy.path} (${copy.why})`);
      continue;
    }
    const child = spawn(copy.path, [], {stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true});
    const failed = new Promise<string>((resolve) =>
      child.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message)),
    );
    const reason = child.pid === undefined ? await failed : undefined;
    copy.cleanUp();
    if (child.pid !== undefined) return {child, pid: child.pid};
    tried.push(`${copy.path} (${reason})`);
  }
  throw new Trouble({
    kind: 'denied',
    what: 'Cannot watch memory calls.',
    why:
      file === undefined
        ? `${what} is not built for the processor ${process.arch}.`
        : `${what} may not be executed: ${tried.join(', ')}.`,
    next:
      file === undefined
        ? `Run it on a machine with an ${processors} processor.`
        : 'Set TMPDIR to a directory whose file system is not mounted noexec.',
  });
}
