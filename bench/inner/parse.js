// Parses a listing from the kernel, as `show` (`kinds`) and `watch` (`beside`) do. With `read` it reads the file each
// time, as the peers do. What comes out are columns; the library's are objects.
import {readFileSync} from 'node:fs';
import {parse} from '../../dist/index.js';
import {parseBeside} from '../../dist/parse/beside.js';
import {parseListing} from '../../dist/parse/reader.js';
import {ProcFile} from '../../dist/procfs/file.js';
import {answerWith} from './answer.js';

const [how, path] = process.argv.slice(2);
const bytes = readFileSync(path);
const file = new ProcFile(path);
const WAYS = {
  alone: () => parseListing(bytes, 'proc', 'later').table,
  kinds: () => parseListing(bytes, 'proc').table,
  read: () => parseListing(file.read(), 'proc', 'later').table,
  beside: () => parseBeside(changed, earlier).table,
  library: () => parse(bytes).regions,
};
// A watch's next look, at which 100 lines have other permissions.
const reprotected = (line, number) => (number % 600 === 5 ? line.replace(/-p /, 'xp ') : line);
const changed = Buffer.from(bytes.toString('latin1').split('\n').map(reprotected).join('\n'), 'latin1');
const earlier = how === 'beside' ? {bytes, table: WAYS.kinds()} : undefined;
answerWith(() => WAYS[how]().length);
