#!/usr/bin/env node
// Starts memmap: what can be answered by a text that the build made is answered from that; else the bundle of the one
// command that is meant is run, with V8's code cache (bundle.js). CommonJS, since Node starts its ES module loader only
// when it is needed.
'use strict';
const {existsSync, readFileSync, statSync, writeSync} = require('node:fs');
const {join} = require('node:path');
const {choose} = require('./choose.js');

/** Bytes of listings with 20,000 regions and with 200,000. */
const LONG = 2 ** 20;
const VERY_LONG = 10 * 2 ** 20;

const root = join(__dirname, '..');
const isCommand = (word) => /^[a-z]+$/.test(word) && existsSync(`${root}/bundle/commands/${word}.cjs`);
const {is, argv} = choose(process.argv.slice(2), isCommand);
const [id, ...words] = argv;

if (argv.length === 1 && (id === '--version' || id === '-V')) {
  const {name, version} = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  print(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  const text = is === 'help' ? require('./help.js').helpText(root, argv) : undefined;
  if (text !== undefined) print(text);
  else if (is === 'command') bundle(`commands/${id}`).run(root, words).then(leave);
  else bundle('memmap')[is](root, argv);
}

/**
 * Ends a command that is done. Where nothing is left to wait for, all is written, and process.exit() cuts nothing off.
 * Otherwise Node would take V8's heap to pieces before it ends, and wait for what V8 still compiles (1.5 ms).
 */
function leave() {
  if (process.getActiveResourcesInfo().length === 0) process.exit();
}

/**
 * V8's flags for commands that take less with them. `ps` calls the kernel thousands of times, and computes little in
 * between: what TurboFan takes for compiling its loops, beside them in other threads, it hardly ever saves. `ps` of 300
 * processes and 20 Nodes takes 25 % less of the processor without it, of 4,300 processes 10 % less, and of 10,000
 * processes 4 % more. `diff` of long listings runs many loops once, and what TurboFan takes for compiling functions
 * into those that call them is saved only by very long ones: of 60,000 regions it takes 15 % less without that.
 */
function flagsOf(command) {
  if (command === 'ps') return '--no-turbofan';
  return command === 'diff' && words.some(isLongFile) ? '--max-inlined-bytecode-size-cumulative=0' : '';
}

/** What can't be looked at is none: the command says what is wrong with it. */
function isLongFile(word) {
  try {
    const {size} = statSync(word);
    return size >= LONG && size < VERY_LONG;
  } catch {
    return false;
  }
}

function bundle(name) {
  return require('./bundle.js').load(root, name, is === 'command' ? flagsOf(id) : '');
}

/** Where it can't be written at once and as a whole, the bundle does it, which knows what to say of what failed. */
function print(text) {
  const bytes = Buffer.from(text);
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(1, bytes, done);
  } catch {
    bundle('memmap').print(root, bytes.subarray(done).toString());
  }
}
