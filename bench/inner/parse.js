// Parses a listing of the kernel's, as `show` (`kinds`) and `watch` (`beside`) do. With `read` it reads the file each time, as the peers do.
import {readFileSync} from 'node:fs';
import {parse} from '../../dist/index.js';
import {parseBeside} from '../../dist/parse/beside.js';
import {parseListing} from '../../dist/parse/listing.js';
import {ProcFile} from '../../dist/procfs/file.js';
import {answerWith} from './answer.js';

const [how, path] = process.argv.slice(2);
const bytes = readFileSync(path);
const file = new ProcFile(path);
const WAYS = {
  alone: () => parseListing(bytes, 'proc', 'later').regions,
  kinds: () => parseListing(bytes, 'proc').regions,
  read: () => parseListing(file.read(), 'proc', 'later').regions,
  beside: () => parseBeside(changed, earlier),
  library: () => parse(bytes).regions,
};
// A watch's next look, at which 100 lines have other permissions.
const changed = Buffer.from(bytes);
const earlier = {bytes, regions: how === 'beside' ? WAYS.kinds() : []};
for (let line = 0, at = 0; how === 'beside' && at >= 0 && at < bytes.length; line++) {
  if (line % 600 === 5) changed[bytes.indexOf(' ', at) + 3] ^= 'x'.charCodeAt(0) ^ '-'.charCodeAt(0);
  at = bytes.indexOf(10, at) + 1 || -1;
}
answerWith(() => WAYS[how]().length);
