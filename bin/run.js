#!/usr/bin/env node
// Starts memmap from bundle/memmap.cjs, one file with all its libraries, and from V8's code cache beside it. CommonJS,
// since Node starts its ES module loader only when it is needed.
'use strict';
const {join} = require('node:path');

const root = join(__dirname, '..');
const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  const {name, version} = require('../package.json');
  process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  // The engine check would load semver, which takes as long as everything that memmap itself does; package.json says
  // what is needed.
  process.env.OCLIF_DISABLE_ENGINE_WARNING ??= '1';
  require('./bundle.js')
    .load(root, argv[0] ?? '--help')
    .main(root, argv);
}
