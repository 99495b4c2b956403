import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {growthOf} from '../../../src/features/growth/growth.ts';
import {Series} from '../../../src/history/series.ts';
import {embeddedJson, pageOf} from '../../../src/features/report/html.ts';
import {packReport} from '../../../src/features/report/pack.ts';
import {reportOf} from '../../../src/features/report/report.ts';
import {ABOUT, HOSTILE, leak} from './scenes.ts';

const template = readFileSync('dist/page.html', 'utf8');
const page = packReport(reportOf(ABOUT, leak()));
const html = pageOf(template, page);

const between = (text: string, begin: string, end: string): string => {
  const from = text.indexOf(begin) + begin.length;
  return text.slice(from, text.indexOf(end, from));
};

test('the data in the page is the data', (t) => {
  const data = between(html, '<script type="application/json" id="data">', '</script>');
  t.deepEqual(JSON.parse(data), JSON.parse(JSON.stringify(page)));
});

test('the policy allows this script and this style by their hashes, and nothing else', (t) => {
  const policy = between(html, 'http-equiv="Content-Security-Policy" content="', '"');
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  t.true(policy.startsWith("default-src 'none';"));
  t.true(policy.includes(`script-src ${hash(between(html, '<script>', '</script>'))}`));
  t.true(policy.includes(`style-src ${hash(between(html, '<style>', '</style>'))}`));
  t.notRegex(policy, /unsafe|https?:|\*/);
});

test('the page names no place on the network, but for an XML name space and what the licences name', (t) => {
  const rest = html.replace(/<!--[^]*?-->/, '').replaceAll('http://www.w3.org/2000/svg', '');
  t.notRegex(rest, /https?:\/\//);
  t.notRegex(rest, /(?:src|href)="(?!data:|#)/);
  t.true(html.includes('uplot 1.') && html.includes('Leon Sorokin'), 'the licence of uPlot is in it');
});

test('a hostile name stays text', (t) => {
  const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  t.is(count(html, /<script/g), 2, 'the data and the script');
  t.is(count(html, /<img/g), 0);
  t.is(count(html, /[\u2028\u2029\u202e]/g), 0);
  const names = new Set(page.lists.names);
  for (const name of HOSTILE.slice(0, 3)) t.true(names.has(name), name);
  t.true(names.has('/tmp/\\u202egpj.exe'));
  t.true(page.title.startsWith(HOSTILE[0]!));
});

test('JSON in a page holds no sign of markup, and is what it was', (t) => {
  fc.assert(
    fc.property(fc.string({unit: 'binary'}), (text) => {
      const json = embeddedJson({text});
      return !/[<>&\u2028\u2029]/.test(json) && (JSON.parse(json) as {text: string}).text === text;
    }),
  );
  t.pass();
});

test('the words say what happened', (t) => {
  const [first, kind, region, space, counts, how] = page.summary;
  t.is(
    first,
    'In 20 s its resident memory went from 1.5 MiB to 21.5 MiB (+20 MiB); its peak was 30 MiB, as the kernel noted ' +
      '(VmHWM).',
  );
  t.is(kind, 'What grew most is heap: +20 MiB of resident memory.');
  t.is(region, 'The region that grew most is [heap] at 10000000: from 1 MiB to 21 MiB.');
  t.regex(space!, /^Address space went from 2.1 MiB to 22.1 MiB \(\+20 MiB\); the number of regions is 3 at both ends/);
  t.is(counts, 'Regions, from sample to sample: 5 came, 5 went, 20 grew.');
  t.is(
    how,
    '21 samples were taken, from 2026-01-31 12:00:00 UTC on. Resident memory by region is known at 21 moments.',
  );
});

test('with what growth says of it, the words answer whether it is a leak', (t) => {
  const series = new Series(['rss'], 'rss');
  for (const look of leak()) series.add(look);
  const report = reportOf(ABOUT, leak(), () => ({growth: growthOf(series, 'rss', 65_536), heap: undefined}));
  t.regex(
    report.summary[1]!,
    /^It grows: resident memory by \+60\.0 MiB\/min ± [\d.]+, steadily, all the time\. 100 % of it is heap\./,
  );
  t.is(report.summary[2], 'What grew most is heap: +20 MiB of resident memory, steadily by +60 MiB a minute.');
  t.deepEqual(
    report.growers.slice(0, 2).map(({name, verdict}) => [name, verdict]),
    [
      ['total', 'steady growth'],
      ['heap', 'steady growth'],
    ],
  );
  t.is(report.growers.find(({what}) => what === 'region')?.verdict, 'steady growth');
});

test('a region that grows at looks that read maps alone keeps what was resident, until smaps is read again', (t) => {
  const sparse = leak().map(({t: time, snapshot}, index) => {
    if (index % 6 === 0) return {t: time, snapshot};
    const regions = snapshot.regions.map(({usage: _usage, ...region}) => region);
    return {t: time, snapshot: snapshot.withRegions(regions, '').withSource({from: 'snapshot', format: 'maps'})};
  });
  const {strips, lists} = packReport(reportOf(ABOUT, sparse));
  const stays = strips.flatMap(({parts}) => parts.flatMap(([, , all]) => all));
  const heap = stays.filter(([, , , , name]) => lists.names[name] === '[heap]').sort((a, b) => a[5] - b[5]);
  t.true(heap.length > 10);
  for (const [start, end, , , , from, , rss] of heap) {
    t.is(rss[0], from, 'it begins with what was resident');
    t.is(rss[1], (1 + 6 * Math.floor(from / 6)) * 1024 * 1024);
    t.true(rss[1]! <= end - start);
  }
});

test('what grew is found though most looks know nothing of resident memory', (t) => {
  const sparse = leak().map(({t: time, snapshot}, index) => {
    if (index % 6 === 0) return {t: time, snapshot};
    const regions = snapshot.regions.map(({usage: _usage, ...region}) => region);
    return {t: time, snapshot: snapshot.withRegions(regions, '').withSource({from: 'snapshot', format: 'maps'})};
  });
  const heap = reportOf(ABOUT, sparse).growers.find(({what}) => what === 'region');
  t.like(heap, {name: '[heap]', first: 1024 * 1024, last: 19 * 1024 * 1024, peak: 19 * 1024 * 1024});
});

test('where readings of smaps stopped, nothing is said of what came after', (t) => {
  const stopped = leak().map(({t: time, snapshot}, index) => {
    if (index <= 10) return {t: time, snapshot};
    const regions = snapshot.regions.map(({usage: _usage, ...region}) => region);
    return {t: time, snapshot: snapshot.withRegions(regions, '').withSource({from: 'snapshot', format: 'maps'})};
  });
  const report = reportOf(ABOUT, stopped);
  t.is(packReport(report).knownUntil, 10_000);
  t.regex(report.summary.at(-1)!, /known at 11 moments, and not after 10 s\.$/);
  const heap = report.growers.find(({name}) => name === 'heap')!;
  t.is(heap.last, 11 * 1024 * 1024);
  t.true(Math.abs(heap.slope! / (60 * 1024 * 1024) - 1) < 0.03, `${heap.slope}`);
  t.is(report.growers[0]!.last, 21.5 * 1024 * 1024 + 8192, 'status tells the total all the same');
});

test('one sample makes a report too, and so does a recording without resident memory', (t) => {
  const once = reportOf({...ABOUT, looks: 1, duration: 0}, leak(0));
  t.true(once.summary[0]!.startsWith('In the only sample its resident memory is 1.5 MiB'));
  const bare = leak().map(({t: time, snapshot}) => {
    const regions = snapshot.regions.map(({usage: _usage, ...region}) => region);
    return {t: time, snapshot: snapshot.withRegions(regions, '').withSource({from: 'snapshot', format: 'maps'})};
  });
  const report = reportOf(ABOUT, bare);
  t.is(report.measure, 'size');
  t.is(report.growers.find(({what}) => what === 'region')?.last, 21 * 1024 * 1024);
});
