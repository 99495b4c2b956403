// Runs the commands that are used most once in each of their forms, so that V8's code caches for this Node are beside
// the bundle (bin/bundle.js). They are in no package: elsewhere the first runs of each command write them.
import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const maps = '/proc/self/maps';
const pid = String(process.pid);

for (const words of [
  ['show', pid],
  ['show', maps],
  ['show', pid, '--json'],
  ['diff', maps, maps],
  ['diff', maps, pid],
  ['diff', maps, pid, '--json'],
  ['show', '--all', '--help'],
])
  spawnSync(process.execPath, [`${root}bin/run.js`, ...words], {stdio: 'ignore'});
