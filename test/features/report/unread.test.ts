import {readFileSync} from 'node:fs';
import test from 'ava';
import {growthOf} from '../../../src/features/growth/growth.ts';
import {pageOf} from '../../../src/features/report/html.ts';
import {packReport} from '../../../src/features/report/pack.ts';
import {reportOf} from '../../../src/features/report/report.ts';
import {stripsOf} from '../../../src/features/report/strips.ts';
import {Series} from '../../../src/history/series.ts';
import {testIf} from '../../helpers/tools.ts';
import {closeBrowser, open} from './browser.ts';
import type {Shot} from './recorder.ts';
import {ABOUT, leak, MIB, region} from './scenes.ts';

test.after.always(closeBrowser);

/** The program of `leak`, whose smaps is read at some looks. */
const read = (isRead: (second: number) => boolean): Shot[] =>
  leak().map((shot, second) => {
    if (isRead(second)) return shot;
    const regions = shot.snapshot.regions.map(({usage: _usage, ...rest}) => rest);
    return {...shot, snapshot: shot.snapshot.withRegions(regions, '').withSource({from: 'snapshot', format: 'maps'})};
  });

test('where smaps was not read while memory changed, its counters are unknown', (t) => {
  t.deepEqual(reportOf(ABOUT, leak()).unread, []);
  const {unread} = reportOf(
    ABOUT,
    read((second) => second < 3 || second > 14),
  );
  t.deepEqual(unread, [{from: 2000, to: 15_000}]);
  t.deepEqual(
    reportOf(
      ABOUT,
      read((second) => second < 12),
    ).unread,
    [{from: 11_000, to: 20_000}],
  );
  // Readings that are all as far apart leave no hole.
  t.deepEqual(
    reportOf(
      ABOUT,
      read((second) => second % 2 === 0),
    ).unread,
    [],
  );
});

testIf('chromium').serial('the chart breaks where smaps was not read, and says so', async (t) => {
  const shots = read((second) => second < 3 || second > 14);
  const {page, complaints} = await open(
    t,
    pageOf(readFileSync('dist/page.html', 'utf8'), packReport(reportOf(ABOUT, shots))),
  );
  t.regex((await page.locator('#chart').getAttribute('aria-label'))!, /; not read from 0:02\.0 to 0:15\.0\.$/);
  // Not a line from one reading to the next: two pieces.
  const path = await page.locator('#growers tr', {hasText: 'heap'}).first().locator('path').getAttribute('d');
  t.is(path!.match(/M/g)!.length, 2, path!);
  await page.locator('#slider').fill('8000');
  t.regex(await page.locator('#legend').innerText(), /heap\s+not read/);
  t.notRegex(await page.locator('#now').innerText(), /resident/);
  t.deepEqual(complaints, []);
});

test('after an exec growth counts from there, and the report says so', (t) => {
  const before = leak(9).map((shot) => ({...shot, marks: []}));
  const after = leak(20).map((shot, index) => ({
    ...shot,
    t: 10_000 + shot.t,
    ...(index === 0 && {event: 'exec' as const}),
  }));
  const other = before.map((shot) => ({
    ...shot,
    snapshot: shot.snapshot.withRegions(shot.snapshot.regions.slice(0, 1), ''),
  }));
  const series = new Series(['rss'], 'rss');
  for (const shot of after) series.add({...shot, t: shot.t - 10_000});
  const about = {...ABOUT, looks: 31, duration: 30_000};
  const {summary, growers} = reportOf(about, [...other, ...after], () => ({
    growth: growthOf(series, 'rss', 65_536),
    heap: undefined,
  }));
  t.is(summary[0], 'After 10 s it executed another program: what follows counts from then on.');
  t.regex(summary[1]!, /^In 20 s its resident memory went from 1\.5 MiB to 21\.5 MiB \(\+20 MiB\)/);
  t.regex(
    summary.find((line) => line.startsWith('Address space'))!,
    /the number of regions is 3 at both ends/,
  );
  t.true(summary.includes('Regions, from sample to sample: 5 came, 5 went, 20 grew.'), summary.join('\n'));
  t.is(growers[0]!.first, 1.5 * MIB + 8192);
});

test('many small regions are few strips', (t) => {
  const stays = Array.from({length: 3000}, (_, index) => {
    const {start, end, perms, kind} = region(0x10000000 + index * 64 * MIB, MIB / 4, {
      kind: index % 3 === 0 ? 'jit' : 'managed',
    });
    return {start, end, perms, kind, name: `${kind} memory`, track: index, from: 0, to: 20, amounts: []};
  });
  const strips = stripsOf(
    stays,
    Array.from({length: 21}, (_, look) => look * 1000),
    undefined,
  );
  t.true(strips.length <= 40, `${strips.length}`);
  t.is(
    strips.reduce((sum, {parts}) => sum + parts.length, 0),
    stays.length,
  );
});
