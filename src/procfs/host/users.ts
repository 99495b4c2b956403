import {utf8} from '../../parse/scan.ts';
import {readIfThere} from '../open.ts';

/**
 * Names of users, from /etc/passwd (passwd(5)); a user whom another service knows (LDAP, systemd) has the number. So
 * have all users of another machine's /proc: their names are not those of this one.
 *
 * @param root where procfs is mounted
 * @returns the name of a uid, or the number in decimal
 */
export function userNames(root: string): (uid: number) => string {
  const names = new Map<number, string>();
  const file = root === '/proc' ? readIfThere('/etc/passwd') : undefined;
  for (const line of file ? utf8(file).split('\n') : []) {
    const [name, , uid] = line.split(':');
    // The first entry of a uid counts, as for getpwuid(3).
    if (name && uid && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return (uid) => names.get(uid) ?? String(uid);
}
