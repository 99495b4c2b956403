// Runs the commands that are used most once in each of their forms, so that V8's code caches for this Node are beside
// the bundle (bin/bundle.js). They are in no package: elsewhere the first runs of each command write them.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const maps = '/proc/self/maps';
const pid = String(process.pid);

/** Listings of many regions that are alike, which are read and written in other ways than the few of a process. */
const folder = mkdtempSync(join(tmpdir(), 'memmap-warm-'));
const [before, after] = [0x7000, 0x8000].map((size) => {
  const path = join(folder, String(size));
  const lines = Array.from({length: 25_000}, (_, index) => {
    const start = 0x7f0000000000 + index * 0x9000;
    const end = start + (index % 1000 === 0 ? size : 0x8000);
    return `${start.toString(16)}-${end.toString(16)} ${index % 2 ? 'rw-p' : 'r--p'} 00000000 00:00 0 \n`;
  });
  writeFileSync(path, lines.join(''));
  return path;
});

for (const words of [
  ['show', pid],
  ['show', before],
  ['show', pid, '--json'],
  ['diff', before, after],
  ['diff', maps, pid],
  ['diff', maps, pid, '--json'],
  ['show', '--all', '--help'],
])
  spawnSync(process.execPath, [`${root}bin/run.js`, ...words], {stdio: 'ignore'});
rmSync(folder, {recursive: true});
