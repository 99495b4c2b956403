import {closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {folder} from './folder.js';

/**
 * Saves what /proc says about a process, in a directory of the same layout: so all contenders parse the same bytes, and
 * the kernel does no work meanwhile.
 *
 * @returns the directory that replaces /proc
 */
export function saveProc(pid) {
  const root = join(folder(), 'proc');
  mkdirSync(join(root, String(pid)), {recursive: true});
  for (const file of ['maps', 'smaps', 'stat', 'status', 'statm', 'comm', 'cmdline'])
    writeFileSync(join(root, String(pid), file), readFileSync(`/proc/${pid}/${file}`));
  writeFileSync(join(root, 'stat'), readFileSync('/proc/stat')); // psutil needs to know when the machine started.
  return root;
}

/**
 * Writes a listing as the kernel would print it, of anonymous regions with alternating permissions.
 *
 * @param odd which one region in a thousand is a page shorter, so that two listings differ
 * @returns the file
 */
export function writeListing(name, regions, odd = 0) {
  const path = join(folder(), name);
  const fd = openSync(path, 'w');
  for (let from = 0; from < regions; from += 10_000) {
    const lines = Array.from({length: Math.min(10_000, regions - from)}, (_, index) => line(from + index, odd));
    writeSync(fd, lines.join(''));
  }
  closeSync(fd);
  return path;
}

const FIRST = 0x7f0000000000;
const EVERY = 0x9000;

function line(index, odd) {
  const start = FIRST + index * EVERY;
  const end = start + (index % 1000 === odd ? 0x7000 : 0x8000);
  return `${start.toString(16)}-${end.toString(16)} ${index % 2 ? 'rw-p' : 'r--p'} 00000000 00:00 0 \n`;
}
