// The least that a reader of JSON Lines can do in Node: reads the file, and parses each line.
import {readFileSync} from 'node:fs';

const bytes = readFileSync(process.argv[2]);
for (let at = 0, end; (end = bytes.indexOf(0x0a, at)) >= 0; at = end + 1) JSON.parse(bytes.toString('utf8', at, end));
