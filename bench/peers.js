import {spawnSync} from 'node:child_process';
import {cpSync, existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {environment, find} from './command.js';
import {folder} from './folder.js';
import {isQuick} from './plan.js';

/*
 * The programs and libraries that memmap is compared with, all from Debian. None is installed here: each function
 * returns the words of a command, or `{missing}`, which says what to install.
 */

const source = (name) => fileURLToPath(new URL(`peers/${name}`, import.meta.url));
const install = (what, packages) => ({missing: `${what} is missing: apt-get install ${packages}`});

/** A program whose package has another name. */
export const program = (name, debianPackage) => (find(name) ? {words: [name]} : install(name, debianPackage));

export function psutil() {
  // The user's own Python may come first in PATH, and it doesn't see Debian's modules.
  const python = ['python3', '/usr/bin/python3'].find(
    (name) => spawnSync(name, ['-c', 'import psutil'], {stdio: 'ignore'}).status === 0,
  );
  return python ? {words: [python, source('psutil_maps.py')]} : install('psutil', 'python3-psutil');
}

const CRATES = '/usr/share/cargo/registry';

export function rust() {
  const hasCrate = existsSync(CRATES) && readdirSync(CRATES).some((name) => name.startsWith('procfs-0.14'));
  if (!hasCrate || !find('cargo')) return install("Rust's procfs", 'cargo librust-procfs-dev');
  const place = join(folder(), 'rust');
  cpSync(source('rust'), place, {recursive: true});
  const config = ['source.crates-io.replace-with="debian"', `source.debian.directory="${CRATES}"`];
  const args = ['build', '--release', '--offline', ...config.flatMap((text) => ['--config', text])];
  const env = {CARGO_HOME: join(folder(), 'cargo'), CARGO_TARGET_DIR: join(folder(), 'target')};
  return compile(['cargo', ...args], place, env, join(folder(), 'target/release/memmap-bench-procfs'));
}

const GO_SOURCES = '/usr/share/gocode';

export function go() {
  if (!existsSync(`${GO_SOURCES}/src/github.com/prometheus/procfs`) || !find('go'))
    return install("Go's procfs", 'golang-go golang-github-prometheus-procfs-dev');
  const file = join(folder(), 'go-procfs');
  const env = {GOPATH: GO_SOURCES, GO111MODULE: 'off', GOFLAGS: '', GOCACHE: join(folder(), 'go-cache')};
  return compile(['go', 'build', '-o', file, 'main.go'], source('go'), env, file);
}

function compile(words, cwd, env, file) {
  if (isQuick()) return {missing: `${words[0]} takes a while to compile: left out with --quick`};
  const {status, stderr} = spawnSync(words[0], words.slice(1), {cwd, env: {...environment, ...env}, encoding: 'utf8'});
  return status === 0
    ? {words: [file]}
    : {missing: `${words[0]} could not compile it: ${stderr?.trim().split('\n').at(-1)}`};
}
