import {closeSync, existsSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync} from 'node:fs';
import {homedir, tmpdir} from 'node:os';
import {join} from 'node:path';

/** A program that can be started from `path`, until `cleanUp` is called. */
interface Copy {
  readonly path: string;
  readonly cleanUp: () => void;
}

/** Why there is no copy at a place. */
interface NoCopy {
  readonly path: string;
  readonly why: string;
}

/** A uid without an entry in passwd(5), as in containers, has no home unless HOME says so. */
function cacheAtHome(): string | undefined {
  try {
    return join(homedir(), '.cache');
  } catch {
    return undefined;
  }
}

/**
 * Copies of a program that can't be executed where it is, since its file system is mounted noexec, or it is inside of
 * memmap's standalone executable: in a directory of our own, in each of these places in turn.
 *
 * @returns for each place, what makes the copy, or says why it can't be made there: no right, no room
 */
export function privateCopies(file: string): Array<() => Copy | NoCopy> {
  const folders = [process.env['XDG_RUNTIME_DIR'], tmpdir(), cacheAtHome()];
  return folders
    .filter((folder) => folder !== undefined && existsSync(folder))
    .map((folder) => () => copyTo(folder!, file));
}

function copyTo(folder: string, file: string): Copy | NoCopy {
  let own: string | undefined;
  const cleanUp = (): void => (own === undefined ? undefined : rmSync(own, {recursive: true, force: true}));
  try {
    const program = readFileSync(file);
    own = mkdtempSync(join(folder, 'memmap-')); // mode 0700
    const path = join(own, 'helper');
    // Synced, since smaps counts pages of a file that isn't on disk yet as Private_Dirty.
    const fd = openSync(path, 'wx', 0o500);
    writeSync(fd, program);
    fsyncSync(fd);
    closeSync(fd);
    return {path, cleanUp};
  } catch (error) {
    cleanUp();
    return {path: folder, why: (error as NodeJS.ErrnoException).code ?? (error as Error).message};
  }
}
