import {constants, closeSync, fstatSync, lstatSync, openSync, readFileSync, unlinkSync} from 'node:fs';
import {saveFile} from './file.ts';

/**
 * The user's directory for what lives until the machine is started again or the user has logged out: $XDG_RUNTIME_DIR
 * (XDG Base Directory Specification), or /run/user/UID, which systemd makes. It must belong to the user alone: root
 * under sudo leaves no file in another user's.
 *
 * @returns undefined where there is none
 */
function runtimeFolder(): string | undefined {
  const uid = process.geteuid!();
  return [process.env['XDG_RUNTIME_DIR'], `/run/user/${uid}`].find((folder) => {
    if (!folder?.startsWith('/')) return false;
    try {
      const stat = lstatSync(folder);
      return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0;
    } catch {
      return false;
    }
  });
}

/** What one run of memmap leaves for the next one of the same user. */
export class RuntimeFile {
  /** Where it is; undefined: nothing can be left. */
  readonly path: string | undefined;

  constructor(name: string) {
    const folder = runtimeFolder();
    this.path = folder && `${folder}/${name}`;
  }

  /** @returns undefined where there is none, or it isn't the user's own, or it is longer than `most` bytes */
  read(most: number): string | undefined {
    if (this.path === undefined) return undefined;
    try {
      const fd = openSync(this.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const stat = fstatSync(fd);
        const isOurs = stat.isFile() && stat.uid === process.geteuid!() && (stat.mode & 0o077) === 0;
        return isOurs && stat.size <= most ? readFileSync(fd, 'utf8') : undefined;
      } finally {
        closeSync(fd);
      }
    } catch {
      return undefined;
    }
  }

  /** Writes it whole, for its owner alone. That it can't be written is no fault: the next run begins again. */
  write(text: string): void {
    if (this.path === undefined) return;
    try {
      saveFile(this.path, text, 'replace');
    } catch {
      // A full file system, or a link in its place.
    }
  }

  remove(): void {
    if (this.path === undefined) return;
    try {
      unlinkSync(this.path);
    } catch {
      // It is not there, or not ours.
    }
  }
}
