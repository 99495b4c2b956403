/** A line of maps (proc_pid_maps(5)) with its device and inode; the inode is 0 where there is no file. */
const LINE = /^\S+ \S+ \S+ (\S+ [1-9]\d*)\b.*\n/gm;

const textOf = (maps: Uint8Array): string =>
  Buffer.from(maps.buffer, maps.byteOffset, maps.byteLength).toString('latin1');

/** The files of a listing, by the keys of fileOf. @param maps the bytes of /proc/PID/maps */
export const filesIn = (maps: Uint8Array): ReadonlySet<string> =>
  new Set(Array.from(textOf(maps).matchAll(LINE), ([, file]) => file!));

/** The lines of those files that are wanted, as the bytes of a listing, and the other files in it. */
export function linesOf(
  maps: Uint8Array,
  wanted: ReadonlySet<string>,
): {readonly lines: Uint8Array; readonly others: ReadonlySet<string>} {
  let lines = '';
  const others = new Set<string>();
  for (const [line, file] of textOf(maps).matchAll(LINE)) {
    if (wanted.has(file!)) lines += line;
    else others.add(file!);
  }
  return {lines: Buffer.from(lines, 'latin1'), others};
}
