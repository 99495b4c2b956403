import {existsSync} from 'node:fs';
import {parseMountinfo} from '../parse/proc/mountinfo.ts';
import {readIfThere, textIfThere} from '../procfs/open.ts';

/**
 * The directory of the cgroup by which a process can be watched: that of the controller perf_event, which is in the
 * unified hierarchy unless it was mounted on its own (cgroups(7)). The root group is not one: it has every
 * process of the machine.
 *
 * @param root where procfs is mounted
 * @returns undefined if there is none
 */
export function groupOf(pid: number, root = '/proc'): string | undefined {
  const lines = textIfThere(`${root}/${pid}/cgroup`).split('\n');
  const memberships = lines.map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line)?.slice(1) ?? []);
  const own = memberships.find(([controllers]) => controllers?.split(',').includes('perf_event'));
  const path = (own ?? memberships.find(([controllers]) => controllers === ''))?.[1];
  if (path === undefined || path === '/') return undefined;
  const mounts = parseMountinfo(readIfThere(`${root}/self/mountinfo`) ?? new Uint8Array());
  const mount = mounts.find(({type, options}) =>
    own ? type === 'cgroup' && options.includes('perf_event') : type === 'cgroup2',
  );
  if (!mount || !path.startsWith(mount.root === '/' ? '/' : `${mount.root}/`)) return undefined;
  const folder = `${mount.place}${path.slice(mount.root === '/' ? 0 : mount.root.length)}`;
  return existsSync(folder) ? folder : undefined;
}
