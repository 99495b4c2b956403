#!/usr/bin/env node
// Starts memmap from dist/, file by file: for debugging, coverage and profiles. It does the same as run.js, but slower.
'use strict';
const {join} = require('node:path');

process.env.OCLIF_DISABLE_ENGINE_WARNING ??= '1';
void import('../dist/main.js').then(({main}) => main(join(__dirname, '..'), process.argv.slice(2)));
