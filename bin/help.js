'use strict';
const {fstatSync, readFileSync} = require('node:fs');

/** The width for which the build makes the texts: that of a terminal unless somebody changed it. */
const COLUMNS = 80;

/** What oclif reads for the width of help and for whether it is bold: these are left to it. */
const DECIDING = ['COLUMNS', 'OCLIF_COLUMNS', 'FORCE_COLOR'];
const ON_TERMINAL = ['NO_COLOR', 'CI', 'NODE_DISABLE_COLORS'];

/**
 * The help of memmap or of a command, as oclif writes it for this output: the build asked it (scripts/help.js).
 *
 * @param root memmap's own directory
 * @param argv `COMMAND --help`, `--help` or nothing
 * @returns undefined for more words, another width, or another answer about colour: oclif must be asked now
 */
exports.helpText = (root, argv) => {
  const [word = '--help', flag] = argv;
  const id = word === '--help' || word === '-h' ? '' : word;
  if (argv.length > (id === '' ? 1 : 2) || (id !== '' && flag !== '--help' && flag !== '-h')) return undefined;
  if (DECIDING.some((name) => name in process.env)) return undefined;
  const form = isTerminal() ? 'bold' : 'plain';
  if (form === 'bold' && !isUsual()) return undefined;
  try {
    const text = JSON.parse(readFileSync(`${root}/bundle/help-${form}.json`, 'utf8'))[id];
    return text?.replace('{node}', `${process.platform}-${process.arch} node-${process.version}`);
  } catch {
    return undefined;
  }
};

/** node:tty takes 3 ms to load, and nothing else than a character device is a terminal (isatty(3)). */
function isTerminal() {
  try {
    return fstatSync(1).isCharacterDevice() && require('node:tty').isatty(1);
  } catch {
    return false;
  }
}

function isUsual() {
  const {TERM = 'dumb'} = process.env;
  return TERM !== 'dumb' && process.stdout.columns === COLUMNS && !ON_TERMINAL.some((name) => name in process.env);
}
