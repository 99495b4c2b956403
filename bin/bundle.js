'use strict';
const {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const {dirname} = require('node:path');
const {pathToFileURL} = require('node:url');
const {Script} = require('node:vm');

/** The first line of a bundle: `//`, the SHA-256 of what follows in hex, a newline. The cache begins with it too. */
const DIGEST = 67;

/**
 * What the cache has before V8's data: that line, how many runs have written it, and its own length in twelve digits.
 * V8 believes the data: cut short, it may make V8 run for ever. It copies what does not begin at a multiple of 8 (0.4
 * ms for 600 KB).
 */
const HEAD = DIGEST + 13;

/** This many runs write the cache, each with what it compiled beside what was there: no two need the same code. */
const MOST_RUNS = 3;

/**
 * The longest run, in seconds, that writes the cache: a longer one has dropped code that it no longer needs, which
 * would be missing.
 */
const SHORT_RUN = 5;

/** Exit codes of a run that did its work, and so has compiled what a usual run needs (src/shell/exit.ts). */
const WORKED = [0, 1, 5];

/** Writable for the group, or for all. */
const SHARED = 0o022;

/**
 * Runs a bundle, from V8's code cache if there is one: compiling it again takes longer than all that a small command
 * does. V8 itself refuses the cache of another version or of other flags; of the source it compares only the length, so
 * the bundle's first line is kept in the cache.
 *
 * @param root memmap's own directory
 * @param name of the bundle: `commands/NAME`, or `memmap` for what is not a command
 * @param flags of V8 to run it with, besides those that Node was started with
 * @param shared what the bundle of a command hands to its rare one (scripts/bundle-rare.js)
 * @returns what the bundle exports
 */
exports.load = (root, name, flags = '', shared) => {
  // V8 refuses the cache of other flags, so they are set before, and are in the cache's name.
  if (flags !== '') require('node:v8').setFlagsFromString(flags);
  const filename = `${root}/bundle/${name}.cjs`;
  const {bytes, uid: owner} = readWhole(filename, constants.O_RDONLY);
  const source = bytes.latin1Slice(); // it is ASCII: this is the fastest way to a string
  const digest = source.slice(0, DIGEST);
  const places = placesOf(root, name, owner, flags);
  let cache;
  for (const place of places) if ((cache = readCache(place, digest))) break;
  const script = new Script(source, {filename, cachedData: cache?.data});
  const bundle = {exports: {}};
  const from = {
    // Where the files of dist find their neighbours.
    get url() {
      return pathToFileURL(`${root}/dist/bundle/memmap.js`).href;
    },
  };
  const oclif = once(() => exports.load(root, 'memmap', flags).oclif);
  const rare = once(() => exports.load(root, name.replace('commands/', 'rare/'), flags, bundle.exports.shared).parts);
  script.runInThisContext()(require, bundle, bundle.exports, from, oclif, rare, shared);
  const runs = script.cachedDataRejected === false ? cache.runs : 0;
  if (runs < MOST_RUNS)
    process.once('exit', (code) => {
      if (WORKED.includes(code) && process.uptime() < SHORT_RUN)
        places.some((place) => writeCache(place, `${digest}${runs + 1}`, script));
    });
  return bundle.exports;
};

/** @returns what calls `make` at most once */
function once(make) {
  let made;
  return () => (made ??= make());
}

/**
 * Where the cache may be. It is code that will be executed, so it is read only from where nobody could have put it
 * except whoever could have changed the bundle as well, or who runs it: beside the bundle, owned by the same user; or,
 * where that can't be written, in the user's own cache directory (XDG Base Directory Specification). Never there for
 * root, whose HOME may be that of the user who called sudo.
 */
function placesOf(root, name, owner, added) {
  const {XDG_CACHE_HOME = '', HOME = '', NODE_OPTIONS = ''} = process.env;
  const flags = [...process.execArgv, NODE_OPTIONS, added]
    .filter(Boolean)
    .join(' ')
    .replaceAll(/\W+/g, '_')
    .slice(0, 60);
  const file = `${name.replace('/', '-')}-${process.version}-${process.arch}${flags}`;
  const beside = {file: `${root}/bundle/cache-${file}`, owner};
  const home = XDG_CACHE_HOME.startsWith('/') ? XDG_CACHE_HOME : HOME.startsWith('/') ? `${HOME}/.cache` : undefined;
  const user = process.geteuid();
  if (home === undefined || user === 0) return [beside];
  const install = root.replaceAll(/[^\w.]+/g, '_').slice(-100); // two installations don't take turns at one file
  return [beside, {file: `${home}/memmap/${file}-${install}`, owner: user}];
}

/** What files are read into, one after another: memory that was not used before takes 3 µs a page, in all 0.3 ms. */
let room = Buffer.allocUnsafeSlow(2 ** 20);

/**
 * Reads a file. readFileSync goes through more functions, which Node compiles at each start (0.3 ms).
 *
 * @param owner who alone may be able to write to it, if that matters
 * @returns what is in it, until the next one is read, and whose it is; undefined if it is not that owner's
 */
function readWhole(file, flags, owner) {
  const fd = openSync(file, flags);
  try {
    const {size, uid, mode} = fstatSync(fd);
    if (owner !== undefined && (uid !== owner || mode & SHARED)) return undefined;
    if (size > room.length) room = Buffer.allocUnsafeSlow(size);
    let length = 0;
    for (let count; (count = readSync(fd, room, length, size - length, null)) > 0;) length += count;
    return {bytes: room.subarray(0, length), uid};
  } finally {
    closeSync(fd);
  }
}

/** @returns undefined if there is none that may be trusted, or it is that of another bundle */
function readCache({file, owner}, digest) {
  try {
    const {bytes} = readWhole(file, constants.O_RDONLY | constants.O_NOFOLLOW, owner);
    if (bytes.latin1Slice(0, DIGEST) !== digest) return undefined;
    if (Number(bytes.latin1Slice(DIGEST + 1, HEAD)) !== bytes.length) return undefined;
    return {runs: Number(bytes.latin1Slice(DIGEST, DIGEST + 1)), data: bytes.subarray(HEAD)};
  } catch {
    return undefined;
  }
}

/**
 * Written to a temporary file and renamed: whoever reads it meanwhile gets the old one or none. A failure is no loss.
 *
 * @returns is it there now?
 */
function writeCache({file, owner}, head, script) {
  if (process.geteuid() !== owner) return false;
  const temporary = `${file}.${process.pid}`;
  let fd;
  try {
    const folder = dirname(file);
    for (const each of [dirname(folder), folder]) makeFolder(each);
    const {uid, mode} = statSync(folder);
    if (uid !== owner || mode & SHARED) return false;
    fd = openSync(temporary, 'wx', 0o644);
    const data = script.createCachedData();
    const length = String(HEAD + data.length).padStart(HEAD - DIGEST - 1, '0');
    writeFileSync(fd, Buffer.concat([Buffer.from(head + length, 'latin1'), data]));
    fsyncSync(fd); // V8 trusts what is in it, and a crash of the machine may leave a renamed file without its bytes.
    renameSync(temporary, file);
    return true;
  } catch {
    if (fd !== undefined) rmSync(temporary, {force: true});
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** One at a time: `recursive` never ends below /proc, where making a directory fails with ENOENT. */
function makeFolder(path) {
  try {
    mkdirSync(path, 0o700);
  } catch {
    // It is there, or what follows fails.
  }
}
