// Builds memmap: dist/, bundle/ and oclif.manifest.json. `npm run build` makes all of it. With --quick it makes what
// the command needs, without the library's types and without checking any, and only if a source is newer than the last
// build: that is what stands between a fresh clone and its first lesson.
import {spawn} from 'node:child_process';
import {readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const isQuick = process.argv.includes('--quick');
const STAMP = `${root}dist/built`;
const SOURCES = ['src', 'glossary', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** A program of this build that failed: it has said why. */
class Failed extends Error {}

if (!isQuick || !isBuilt()) {
  try {
    await build();
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    process.exitCode = 1;
  }
}

async function build() {
  const begin = performance.now();
  const say = (text) => process.stderr.write(`${text}\n`);
  rmSync(`${root}dist`, {recursive: true, force: true});
  say('Building memmap: compiling the sources …');
  await tsc('--noCheck', '--declaration', 'false');
  say('Building memmap: making its parts …');
  const part = async (what, work) => {
    await work;
    say(`  made: ${what}`);
  };
  await Promise.all([
    part('a file of each command', run(process.execPath, ['scripts/bundle.js'])),
    part('the helpers of the lessons', run(process.execPath, ['dist/prebuild.js'])),
    part('the manifest of the commands', run(process.execPath, ['scripts/manifest.js'])),
    part('the glossary', run(process.execPath, ['scripts/glossary.js'])),
    part('names of C++ and Rust', run(process.execPath, ['scripts/demangle.js'])),
    part('the page of reports', run(process.execPath, ['scripts/page.js'])),
    ...(isQuick ? [] : [part('types', tsc('--emitDeclarationOnly')), tsc('-p', 'src/features/report/page')]),
  ]);
  await part('help', run(process.execPath, ['scripts/help.js']));
  if (!isQuick) {
    await part('the types of the library', run(process.execPath, ['scripts/types.js']));
    await part('man pages', run(process.execPath, ['scripts/man.js']));
    await part('code caches for this Node', run(process.execPath, ['scripts/warm.js']));
  }
  writeFileSync(STAMP, '');
  say(`Built memmap in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
}

/** Is everything built, and no source newer? */
function isBuilt() {
  try {
    const built = statSync(STAMP).mtimeMs;
    return SOURCES.every((place) => newest(`${root}${place}`) < built);
  } catch {
    return false; // There is no stamp.
  }
}

/** The time of the last change to a file, or to anything in a folder. */
function newest(place) {
  const stat = statSync(place);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(place).map((name) => newest(`${place}/${name}`)));
}

function tsc(...words) {
  return run(`${root}node_modules/.bin/tsc`, words);
}

function run(command, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {cwd: root, stdio: ['ignore', 'inherit', 'inherit']});
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Failed(command))));
  });
}
