import type {Group} from '../../model/group/group.ts';
import {Trouble} from '../../model/trouble.ts';
import {cgroupFolders, memoryMount} from '../../parse/proc/cgroup.ts';
import {mountsOf} from '../machine/mounts.ts';
import {readGroup} from './group.ts';

/**
 * What the kernel says of cgroups, for whoever asks about many of them: where they are mounted is asked once.
 *
 * @param root where procfs is mounted
 * @returns of a path as /proc/PID/cgroup prints it; undefined where it was removed, is not counted, or can't be read
 */
export function chargedIn(root: string): (path: string) => Group | undefined {
  const mounts = mountsOf(`${root}/self`);
  const mount = memoryMount(mounts);
  return (path) => {
    const folders = mount && cgroupFolders({version: mount.version, path}, mounts);
    if (!folders) return undefined;
    try {
      return readGroup({kind: 'cgroup', id: path, path, version: mount.version, folders});
    } catch (error) {
      if (error instanceof Trouble) return undefined;
      throw error;
    }
  };
}
