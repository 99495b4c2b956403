#!/usr/bin/env node
// Starts memmap from dist/, file by file: for debugging, coverage and profiles. It does the same as run.js, but slower.
'use strict';
const {join} = require('node:path');
const {choose} = require('./choose.js');

process.env.OCLIF_DISABLE_ENGINE_WARNING ??= '1';
void import('../dist/main.js').then(({COMMANDS, main}) =>
  main(
    join(__dirname, '..'),
    choose(process.argv.slice(2), (word) => Object.hasOwn(COMMANDS, word)),
  ),
);
