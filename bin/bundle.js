'use strict';
const {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const {dirname} = require('node:path');
const {pathToFileURL} = require('node:url');
const {Script} = require('node:vm');

/** The first line of the bundle: `//`, the SHA-256 of what follows in hex, a newline. */
const DIGEST = 67;

/**
 * The longest run, in seconds, that writes the cache: a longer one has dropped code that it no longer needs, which
 * would be missing.
 */
const SHORT_RUN = 5;

/**
 * Runs the bundle, from V8's code cache if there is one: compiling it again takes 15 ms.
 *
 * The cache is code that will be executed, so it is read only from where nobody could have put it except whoever could
 * have changed the bundle as well: beside the bundle, owned by the same user, and not writable for others. The same
 * owner writes it, at the end of a run that found none, or of a command that the cache lacks. V8 itself refuses the
 * cache of another version; of the source it compares only the length, so the bundle's first line is kept in the cache.
 *
 * @param root memmap's own directory
 * @param word the first word of the command line
 * @returns what the bundle exports
 */
exports.load = (root, word) => {
  const filename = `${root}/bundle/memmap.cjs`;
  const cacheFile = `${root}/bundle/cache-${process.version}-${process.arch}`;
  const source = readFileSync(filename, 'latin1'); // it is ASCII: this is the fastest way to a string
  const digest = source.slice(0, DIGEST);
  const {commands, cachedData} = readCache(cacheFile, digest, filename);
  const script = new Script(source, {filename, cachedData});
  const bundle = {exports: {}};
  const from = pathToFileURL(`${root}/dist/bundle/memmap.js`).href; // where the files of dist find their neighbours
  script.runInThisContext()(require, bundle, bundle.exports, from);
  const known = cachedData && !script.cachedDataRejected ? commands : [];
  const command = bundle.exports.commands.includes(word) ? word : '--help';
  if (!known.includes(command)) {
    process.once('exit', () => {
      if (process.uptime() < SHORT_RUN) writeCache(cacheFile, digest, [...known, command], script, filename);
    });
  }
  return bundle.exports;
};

/** The cache: the bundle's first line; a line with the commands whose code is in it; V8's data. */
function readCache(cacheFile, digest, bundle) {
  let fd;
  try {
    fd = openSync(cacheFile, constants.O_RDONLY | constants.O_NOFOLLOW);
    const {uid, mode} = fstatSync(fd);
    if (uid !== statSync(bundle).uid || mode & 0o022) return {commands: []};
    const bytes = readFileSync(fd);
    const data = bytes.indexOf(10, DIGEST) + 1;
    if (bytes.latin1Slice(0, DIGEST) !== digest || data === 0) return {commands: []};
    return {commands: bytes.latin1Slice(DIGEST, data - 1).split(' '), cachedData: bytes.subarray(data)};
  } catch {
    return {commands: []};
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Written to a temporary file and renamed: whoever reads it meanwhile gets the old one or none. A failure is no loss.
 */
function writeCache(cacheFile, digest, commands, script, bundle) {
  const temporary = `${cacheFile}.${process.pid}`;
  try {
    const {uid} = statSync(bundle);
    const folder = statSync(dirname(bundle));
    if (process.geteuid() !== uid || folder.uid !== uid || folder.mode & 0o022) return;
    const head = Buffer.from(`${digest}${commands.join(' ')}\n`, 'latin1');
    writeFileSync(temporary, Buffer.concat([head, script.createCachedData()]), {mode: 0o644, flag: 'wx'});
    renameSync(temporary, cacheFile);
  } catch {
    rmSync(temporary, {force: true});
  }
}
