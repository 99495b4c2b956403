#!/usr/bin/env node
// Starts memmap: what can be answered by a text that the build made is answered from that; else the bundle of the one
// command that is meant is run, with V8's code cache (bundle.js). CommonJS, since Node starts its ES module loader only
// when it is needed.
'use strict';
const {existsSync, readFileSync, writeSync} = require('node:fs');
const {join} = require('node:path');
const {choose} = require('./choose.js');

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
  else if (is === 'command') bundle(`commands/${id}`).run(root, words);
  else bundle('memmap')[is](root, argv);
}

/**
 * Commands that call the kernel thousands of times, and compute little in between: what TurboFan takes for compiling
 * their loops, beside them in other threads, it hardly ever saves. `ps` of 300 processes and 20 Nodes takes 25 % less of
 * the processor without it, of 4,300 processes 10 % less, and of 10,000 processes 4 % more.
 */
function withoutTurboFan(command) {
  return command === 'ps';
}

function bundle(name) {
  const flags = is === 'command' && withoutTurboFan(id) ? '--no-turbofan' : '';
  return require('./bundle.js').load(root, name, flags);
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
