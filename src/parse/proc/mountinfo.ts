import {decode, latin1} from '../scan.ts';

/** One mount. */
export interface Mount {
  /** What fdinfo calls it. */
  readonly id: number;
  /** As maps prints it: hexadecimal. */
  readonly dev: string;
  /** Which directory of the file system is seen there. */
  readonly root: string;
  readonly place: string;
  readonly type: string;
  /** Options of the file system, such as the controllers of a cgroup hierarchy. */
  readonly options: readonly string[];
}

/**
 * /proc/PID/mountinfo: proc_pid_mountinfo(5). Field 3 is `major:minor` in decimal; type, source and options come after
 * the ` - `. Blanks, tabs, newlines and backslashes in names are `\040` and the like.
 */
export function parseMountinfo(bytes: Uint8Array): Mount[] {
  const mounts: Mount[] = [];
  for (const line of latin1(bytes, 0, bytes.length).split('\n')) {
    const match = /^(\d+) \d+ (\d+):(\d+) (\S+) (\S+) .*? - (\S+) \S* ?(\S*)/.exec(line);
    if (!match) continue;
    const [id, major, minor, root, place, type, options] = match.slice(1) as [string, string, string, ...string[]];
    const [high, low] = [major, minor].map((text) => Number(text).toString(16).padStart(2, '0'));
    mounts.push({
      id: Number(id),
      dev: `${high}:${low}`,
      root: unescaped(root!),
      place: unescaped(place!),
      type: type!,
      options: options!.split(','),
    });
  }
  return mounts;
}

const unescaped = (text: string): string =>
  decode(text.includes('\\') ? text.replace(/\\([0-7]{3})/g, (_, digits: string) => character(digits)) : text).text;

const character = (octal: string): string => String.fromCharCode(Number.parseInt(octal, 8));
