import {mappedKey} from '../../model/host/descriptors.ts';
import {latin1} from '../scan.ts';

/**
 * Which files without a name, and dmabufs, a process maps: the keys of mappedKey(). Of these device and inode are the
 * same in maps and in stat(2).
 *
 * @param maps the bytes of /proc/PID/maps
 */
export function mappedKeysIn(maps: Uint8Array): ReadonlySet<string> {
  const text = latin1(maps, 0, maps.length);
  const keys = new Set<string>();
  for (const [, dev, inode, name] of text.matchAll(UNNAMED))
    keys.add(mappedKey({dev: dev!, inode: inode!, name: name!}));
  return keys;
}

const UNNAMED = /^\S+ \S+ \S+ (\S+) ([1-9]\d*) +(\/dmabuf:.*|\/.* \(deleted\))$/gm;
