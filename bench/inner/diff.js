// Compares two listings that are already parsed.
import {readFileSync} from 'node:fs';
import {diff, parse} from '../../dist/index.js';
import {answerWith} from './answer.js';

const [before, after] = process.argv.slice(2).map((file) => parse(readFileSync(file)));
answerWith(() => diff(before, after).changes.length);
