import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync, realpathSync} from 'node:fs';
import {parseListing} from '../../src/parse/reader.ts';
import {parse} from '../../src/parse/parse.ts';
import {folder} from '../helpers/listings.ts';
import {testIf} from '../helpers/tools.ts';
import {bytesOf} from './tools.ts';

/** Names of files, one character a byte, and what the kernel prints of them where it isn't the same. */
const FILES: ReadonlyArray<{readonly name: string; readonly printed?: string; readonly isDeleted?: boolean}> = [
  {name: 'esc\x1b[31mred\x1b]0;t\x07'},
  {name: 'two\nlines', printed: 'two\\012lines'},
  {name: 'lit\\012eral'},
  {name: 'back\\slash'},
  {name: 'two  blanks'},
  {name: 'trailing '},
  {name: ' leading'},
  {name: 'tab\tand\rreturn\r'},
  {name: 'vt\x0bff\x0cnel\xc2\x85ls\xe2\x80\xa8'},
  {name: 'fake (deleted)'},
  {name: 'gone', printed: 'gone (deleted)', isDeleted: true},
  {name: 'gone (deleted)', printed: 'gone (deleted) (deleted)', isDeleted: true},
  {name: 'invalid\xff\xfe\xc3'},
  {name: 'same\xff'},
  {name: 'same\xfe'},
  {name: 'größe-日本'.normalize('NFD')},
  {name: '[heap]'},
  {name: '7f0000000000-7f0000001000 rwxp 00000000 00:00 0 [stack]'},
  {name: 'Rss: 4 kB'},
  {name: 'VmFlags: rd wr'},
  {name: '> cat maps'},
  {name: 'n'.repeat(255)},
].map((file) => ({
  ...file,
  name: /[^\x00-\xff]/.test(file.name) ? Buffer.from(file.name).toString('latin1') : file.name,
}));

const MAPPER = String.raw`
import json, mmap, os, sys
place, files = os.fsencode(sys.argv[1]), json.load(sys.stdin)
kept = []
for index, file in enumerate(files):
    path = place + b'/' + file['name'].encode('latin-1')
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, 4096 * (index + 1))
    kept.append(mmap.mmap(fd, 4096 * (index + 1), mmap.MAP_SHARED, mmap.PROT_READ))
    if file.get('isDeleted'): os.unlink(path)
print('ready', flush=True)
os.read(3, 1)
`;

testIf('python3')('a file may be called anything, and the regions that map it have its name', async (t) => {
  const place = realpathSync(folder(t));
  const child = spawn('python3', ['-c', MAPPER, place], {stdio: ['pipe', 'pipe', 'inherit', 'pipe']});
  t.teardown(() => child.kill('SIGKILL'));
  child.stdin!.end(JSON.stringify(FILES));
  await once(child.stdout!, 'data');

  for (const name of ['maps', 'smaps']) {
    const raw = readFileSync(`/proc/${child.pid}/${name}`);
    const listing = parseListing(raw, 'proc');
    t.deepEqual([listing.rejected, listing.torn, listing.cutShort, listing.format], [[], 0, undefined, name]);
    t.deepEqual(parse(raw).regions, listing.regions);

    // Each file has a size of its own, so that it is found without its name.
    const mapped = listing.regions.filter((region) => region.name.startsWith(`${place}/`));
    t.is(mapped.length, FILES.length);
    for (const [index, {name: fileName, printed = fileName}] of FILES.entries()) {
      const region = mapped.find(({start, end}) => end - start === 4096 * (index + 1))!;
      const wanted = bytesOf(`${Buffer.from(place).toString('latin1')}/${printed}`);
      t.is(region.name, new TextDecoder('utf-8', {ignoreBOM: true}).decode(wanted));
      const isUtf8 = Buffer.from(region.name).equals(wanted);
      t.is(region.nameBase64, isUtf8 ? undefined : wanted.toString('base64'));
      t.deepEqual([region.perms, region.offset, region.kind], ['r--s', 0, 'file']);
    }
  }
  child.stdio[3]!.destroy();
});
