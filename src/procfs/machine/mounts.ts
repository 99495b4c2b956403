import {type Mount, parseMountinfo} from '../../parse/proc/mountinfo.ts';
import {readIfThere} from '../open.ts';

let last: {readonly bytes: Buffer; readonly mounts: readonly Mount[]} | undefined;

/**
 * The mounts that a process sees; none where they can't be read. The file is read each time, and parsed where it is
 * another text than the last one: most processes see what memmap sees (0.3 ms of a `show`, which asks three times).
 *
 * @param folder of the process: `/proc/self`, `/proc/self/fd/5/.`
 */
export function mountsOf(folder: string): readonly Mount[] {
  const bytes = readIfThere(`${folder}/mountinfo`);
  if (!bytes) return [];
  if (!last?.bytes.equals(bytes)) last = {bytes, mounts: parseMountinfo(bytes)};
  return last.mounts;
}
