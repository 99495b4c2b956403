import test from 'ava';
import {parseListing} from '../../src/parse/reader.ts';
import {parse} from '../../src/parse/parse.ts';
import {TUTORIAL} from '../helpers/listings.ts';
import {bytesOf, counters, line, region} from './tools.ts';

const good = line('00400000-00401000 r-xp 00002200 fc:00 7', '/bin/x');

/** Lines that a person or another program wrote, and that no Linux kernel prints. */
const NOT_THE_KERNELS: Readonly<Record<string, string>> = {
  'an address of 6 digits': good.replaceAll('00400000', '400000'),
  'an address padded to 9 digits': good.replaceAll('00400000', '000400000'),
  'capitals in an address': good.replaceAll('00400000', '0040A000').replace('00401000', '0040B000'),
  'capitals in an offset': good.replace('00002200', '0000AA00'),
  'capitals in a device': good.replace('fc:00', 'FC:00'),
  'capitals in permissions': good.replace('r-xp', 'R-XP'),
  'permissions that do not say whether it is shared': good.replace('r-xp', 'r-x-'),
  'an indent': ` ${good}`,
  'two blanks between fields': good.replace('fc:00 7', 'fc:00  7'),
  'a tab between fields': good.replace('fc:00 7', 'fc:00\t7'),
  '0x before an address': `0x${good}`,
  'no blank after the inode': '00400000-00401000 rw-p 00000000 00:00 0\n',
  'an inode in hex': good.replace(' 7 ', ' 7f '),
  'a byte order mark': `\xef\xbb\xbf${good}`,
  'a blank line': '\n',
  'a shell command': '$ cat /proc/1/maps\n',
  'a Markdown fence': '```\n',
};

for (const [what, text] of Object.entries(NOT_THE_KERNELS)) {
  test(`from a live process ${what} is reported with its line, and the lines around it are read`, (t) => {
    const above = '00200000-00201000 rw-p 00000000 00:00 0 \n';
    const below = '7f000000-7f001000 rw-p 00000000 00:00 0 \n';
    const listing = parseListing(bytesOf(above + text + below), 'proc');
    t.deepEqual(
      listing.regions.map(({start}) => start),
      [0x200000, 0x7f000000],
    );
    t.deepEqual(
      listing.rejected.map((entry) => entry.line),
      [2],
    );
    t.is(Buffer.from(listing.rejected[0]!.text).toString(), Buffer.from(text.slice(0, -1), 'latin1').toString());
  });
}

test('a live listing whose last line has no newline is marked, whatever it ends with', (t) => {
  for (const text of [good, good + counters('Size 4', 'Rss 4', 'VmFlags rd ')]) {
    t.is(parseListing(bytesOf(text), 'proc').cutShort, undefined);
    t.not(parseListing(bytesOf(text.slice(0, -1)), 'proc').cutShort, undefined);
  }
});

test('the listings of the tutorial are recognised, with the process that their shell line names', (t) => {
  const snapshot = parse(`> cat /proc/1320734/maps\n\n${TUTORIAL[1]}`);
  t.is(snapshot.source.format, 'tutorial');
  t.is(snapshot.process.pid, 1_320_734);
  t.true(snapshot.isWhole);
  t.is(snapshot.regions.length, TUTORIAL[1].trim().split('\n').length);
  const heap = snapshot.regions.find(({name}) => name === '[heap]');
  t.like(heap, {...region('004cd000-004ce000', 'rw-p', {name: '[heap]', kind: 'heap'}), kind: 'heap'});
});

test('what is around a listing in an issue is skipped', (t) => {
  const snapshot = parse(`user@host:~$ cat /proc/77/maps\n\`\`\`text\n${good}\`\`\`\n\n~~~\n`);
  t.deepEqual([snapshot.regions.length, snapshot.process.pid, snapshot.isWhole], [1, 77, true]);
});

test('a second shell line with a listing ends the first', (t) => {
  const snapshot = parse(`$ cat /proc/77/maps\n${good}$ cat /proc/78/maps\n00200000-00201000 rw-p 00000000 00:00 0 \n`);
  t.deepEqual([snapshot.regions.length, snapshot.process.pid], [1, 77]);
  t.deepEqual(
    snapshot.rejected.map((entry) => [entry.line, entry.text]),
    [[3, '$ cat /proc/78/maps']],
  );
});

test('a name that looks like a shell prompt hides no region, though its line lost its form', (t) => {
  for (const name of ['/opt/c# tools/x', '/home/me/100% done', '/srv/a> b/c', '/srv/cash $ x']) {
    const {regions, rejected} = parse(`00400000-00401000  r--p  00000000  08:01  9  ${name}\n`);
    t.deepEqual([regions.map((entry) => entry.name), rejected.length], [[name], 0]);
  }
});

test('a rollup is not mixed with the listing before or after it', (t) => {
  const rollup = line('00400000-7ffd00000000 ---p 00000000 00:00 0', '[rollup]') + counters('Rss 4');
  for (const [text, name, rejectedLine] of [
    [good + rollup, '/bin/x', 2],
    [rollup + good, '[rollup]', 3],
  ] as const) {
    const {regions, rejected} = parse(text);
    t.deepEqual([regions.map((entry) => entry.name), rejected.map((entry) => entry.line)[0]], [[name], rejectedLine]);
  }
});

test('a text that is not a listing is refused, and its first line shown', (t) => {
  for (const text of ['hello\n', '# a remark\n', '$ ls\n$ pwd\n', 'Rss: 4 kB\n', '[1, 2]', `${' '.repeat(3)}x`]) {
    const error = t.throws(() => parse(bytesOf(text)), {name: 'Trouble'}, JSON.stringify(text));
    t.like(error, {kind: 'input'});
    t.true((error as Error & {why: string}).why.includes('line 1 is'), text);
  }
});

test('a program and any other binary file are refused by what they are', (t) => {
  for (const [text, why] of [
    ['\x7fELF\x02\x01\0\0', /ELF file/],
    ['PK\x03\x04\0\0\0', /binary file/],
  ] as const) {
    const error = t.throws(() => parse(bytesOf(text)), {name: 'Trouble'});
    t.regex((error as Error & {why: string}).why, why);
  }
});

test('a command that shows no listing, and a blank text, are processes without regions', (t) => {
  for (const text of ['', '\n\n', '$ cat /proc/2/maps\n']) t.deepEqual(parse(text).regions, []);
});

test('text in a rejected line is shown in its own script', (t) => {
  t.is(parse(`${good}größer als 日本\n`).rejected[0]?.text, 'größer als 日本');
});

test('a remark below a line of maps is not a counter of that region', (t) => {
  const {regions, rejected} = parse(`${good}Note: it is large\n`);
  t.is(regions[0]?.attributes, undefined);
  t.deepEqual(
    rejected.map((entry) => entry.line),
    [2],
  );
});
