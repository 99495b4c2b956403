import {mkdirSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {timesIn} from '../../../src/input/times.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';

const KIB = 1024;
const MINUTE = 60_000;

/** smaps of a process whose anonymous memory has some size. @param stack where its stack is: another run has another */
const smaps = (
  bytes: number,
  stack = '7ffc131b5000-7ffc131d6000',
): string => `00400000-00401000 r-xp 00000000 fd:00 950935 /opt/kiosk/bin/kiosk
Size: 4 kB
Rss: 4 kB
7f0000000000-${(0x7f0000000000 + bytes).toString(16)} rw-p 00000000 00:00 0
Size: ${bytes / KIB} kB
Rss: ${bytes / KIB} kB
${stack} rw-p 00000000 00:00 0                          [stack]
Size: 132 kB
Rss: 16 kB
`;

interface Document {
  readonly looks: number;
  readonly span: number;
  readonly total: {readonly verdict: string; readonly slope?: {readonly perSecond: number}};
}

/** 16 listings, one a minute, each 1 MiB larger. */
function leak(
  t: ExecutionContext,
  nameOf: (index: number) => string,
  textOf = (index: number) => smaps((10 + index) * 2 ** 20),
): string {
  const place = join(folder(t), 'listings');
  mkdirSync(place);
  for (let index = 0; index < 16; index++) {
    const path = join(place, nameOf(index));
    writeFileSync(path, textOf(index));
    const written = new Date(Date.UTC(2026, 0, 1) + index * MINUTE);
    utimesSync(path, written, written);
  }
  return place;
}

async function growthOf(
  t: ExecutionContext,
  args: readonly string[],
  code = 0,
): Promise<{document: Document; stderr: string}> {
  const ran = await memmap(['growth', ...args, '--json']);
  t.is(ran.code, code, ran.stderr);
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'growth', document);
  return {document, stderr: ran.stderr};
}

function isTheLeak(t: ExecutionContext, {looks, span, total}: Document): void {
  t.is(looks, 16);
  t.is(span, 15 * MINUTE);
  t.is(total.verdict, 'steady growth');
  t.true(Math.abs(total.slope!.perSecond * 60 - 2 ** 20) < 1, String(total.slope!.perSecond));
}

const two = (index: number): string => String(index).padStart(2, '0');

for (const [what, nameOf] of [
  ['when they were written', (index: number) => `smaps.${index}`],
  ['a date in their names', (index: number) => `smaps-20260131-14${two(index)}30.txt`],
  ['another date in their names', (index: number) => `kiosk_2026-01-31T14:${two(index)}:30.smaps`],
  ['seconds since 1970 in their names', (index: number) => `smaps-${1_790_000_000 + index * 60}`],
  ['a time of day in their names', (index: number) => `14-${two(index)}-30.txt`],
  ['minutes in their names', (index: number) => `after-${index}min.txt`],
] as const)
  test(`listings of a directory, with ${what}`, async (t) => {
    const {document, stderr} = await growthOf(t, [leak(t, nameOf)]);
    isTheLeak(t, document);
    t.regex(
      stderr,
      what.startsWith('when') ? /Times are when the files were last written/ : /Times are those in the names/,
    );
  });

test('listings that are named, in any order; and times from a file', async (t) => {
  const place = leak(t, (index) => `smaps.${index}`);
  const names = Array.from({length: 16}, (_, index) => join(place, `smaps.${(index * 7) % 16}`));
  isTheLeak(t, (await growthOf(t, names)).document);
  const times = join(place, 'times');
  writeFileSync(times, Array.from({length: 16}, (_, index) => `smaps.${index} ${index * 120}\n`).join(''));
  const {document} = await growthOf(t, [place, '--times', times]);
  t.is(document.span, 30 * MINUTE);
  t.true(Math.abs(document.total.slope!.perSecond * 120 - 2 ** 20) < 1);
  writeFileSync(times, 'smaps.0 2026-01-31T14:03:20Z\n');
  const ran = await memmap(['growth', place, '--times', times]);
  t.is(ran.code, 2);
  t.regex(ran.stderr, /has no time for .*smaps\.1\b/);
});

test('snapshots have their own times', async (t) => {
  const place = leak(t, (index) => `smaps.${index}`);
  const list = folder(t);
  for (let index = 0; index < 16; index++) {
    const ran = await memmap(['snapshot', join(place, `smaps.${index}`)]);
    const taken = new Date(Date.UTC(2026, 0, 31) + index * MINUTE).toISOString();
    writeFileSync(
      join(list, `${15 - index}.json`),
      JSON.stringify({...(JSON.parse(ran.stdout) as object), takenAt: taken}),
    );
  }
  const {document, stderr} = await growthOf(t, [list]);
  isTheLeak(t, document);
  t.regex(stderr, /those that the snapshots have/);
});

test('another run of the program: what came before is left out, and said', async (t) => {
  const place = leak(
    t,
    (index) => `smaps.${two(index)}`,
    (index) => (index < 3 ? smaps(2 ** 26, '7ffd00000000-7ffd00021000') : smaps((10 + index) * 2 ** 20)),
  );
  const {document, stderr} = await growthOf(t, [place]);
  t.is(document.looks, 13);
  t.is(document.total.verdict, 'steady growth');
  t.regex(stderr, /3 listings before are of another run/);
});

test('what is no listing is left out of a directory, and a listing that is not whole ends with 5', async (t) => {
  const place = leak(t, (index) => `smaps.${index}`);
  writeFileSync(join(place, 'notes.md'), '# what I did\n');
  const {stderr} = await growthOf(t, [place]);
  t.regex(stderr, /Left out, since no listing is in it: notes\.md/);
  writeFileSync(join(place, 'smaps.3'), `${smaps(13 * 2 ** 20)}what is this?\n`);
  utimesSync(join(place, 'smaps.3'), new Date(Date.UTC(2026, 0, 1, 0, 3)), new Date(Date.UTC(2026, 0, 1, 0, 3)));
  const second = await growthOf(t, [place], 5);
  t.regex(second.stderr, /smaps\.3 is not whole: 1 line of it was not understood/);
});

test('too few, the same times, a process among files: refused with a reason', async (t) => {
  const place = folder(t);
  t.is((await memmap(['growth', place])).code, 6);
  const [a, b] = [join(place, 'a'), join(place, 'b')];
  for (const path of [a, b]) {
    writeFileSync(path, TUTORIAL[0]);
    utimesSync(path, 1000, 1000);
  }
  const same = await memmap(['growth', a, b]);
  t.is(same.code, 2);
  t.regex(same.stderr, /two have the same time[^]*--times FILE/);
  t.is((await memmap(['growth', a, String(process.pid)])).code, 2);
});

test('listings of maps alone: the size is judged, and what is not in them is said', async (t) => {
  const maps = (index: number): string =>
    smaps((10 + index) * 2 ** 20)
      .split('\n')
      .filter((line) => !/^(Size|Rss)/.test(line))
      .join('\n');
  const place = leak(t, (index) => `maps.${index}`, maps);
  const {document} = await growthOf(t, [place, '--measure', 'size']);
  t.is(document.total.verdict, 'steady growth');
  const text = await memmap(['growth', place]);
  t.regex(text.stdout.replaceAll(/\s+/g, ' '), /16 listings in 15 min; resident memory is in none of them/);
});

test('times in names: the form that says most, and nothing where one says nothing', (t) => {
  t.deepEqual(timesIn(['a-10s', 'a-2.5s', 'a-1min']), [10_000, 2500, 60_000]);
  t.deepEqual(timesIn(['1790000000', '1790000000.5']), [1_790_000_000_000, 1_790_000_000_500]);
  t.deepEqual(timesIn(['2026-01-31 14:03', '20260131T140400']), [
    Date.UTC(2026, 0, 31, 14, 3),
    Date.UTC(2026, 0, 31, 14, 4),
  ]);
  t.is(timesIn(['maps.1', 'maps.2']), undefined);
  t.is(timesIn(['a-1s', 'b']), undefined);
  t.is(timesIn(['a-1s', 'b-1s']), undefined);
});
