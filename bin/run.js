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

function bundle(name) {
  return require('./bundle.js').load(root, name);
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
