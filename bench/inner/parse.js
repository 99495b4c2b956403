// Parses a listing of the kernel's, as `show` and `watch` do. With `read` it reads the file each time, as the peers do.
import {readFileSync} from 'node:fs';
import {parse} from '../../dist/index.js';
import {parseListing} from '../../dist/parse/listing.js';
import {ProcFile} from '../../dist/procfs/file.js';
import {answerWith} from './answer.js';

const [how, path] = process.argv.slice(2);
const bytes = readFileSync(path);
const file = new ProcFile(path);
const WAYS = {
  alone: () => parseListing(bytes, 'proc'),
  read: () => parseListing(file.read(), 'proc'),
  library: () => parse(bytes),
};
answerWith(() => WAYS[how]().regions.length);
