/** A line of maps (proc_pid_maps(5)) with its device and inode; the inode is 0 where there is no file. */
const LINE = /^\S+ \S+ \S+ (\S+ [1-9]\d*)\b.*\n/gm;

const textOf = (maps: Uint8Array): string =>
  Buffer.from(maps.buffer, maps.byteOffset, maps.byteLength).toString('latin1');

/** The files of a listing, by the keys of fileOf. @param maps the bytes of /proc/PID/maps */
export const filesIn = (maps: Uint8Array): ReadonlySet<string> =>
  new Set(Array.from(textOf(maps).matchAll(LINE), ([, file]) => file!));

/** The lines of those files that are wanted. @returns the bytes of a listing */
export const linesOf = (maps: Uint8Array, isWanted: (file: string) => boolean): Uint8Array =>
  Buffer.from(
    Array.from(textOf(maps).matchAll(LINE), ([line, file]) => (isWanted(file!) ? line : '')).join(''),
    'latin1',
  );
