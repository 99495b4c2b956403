import test from 'ava';
import {readFileSync} from 'node:fs';
import type {Page} from 'playwright-core';
import {pageOf} from '../../../src/features/report/html.ts';
import {packReport} from '../../../src/features/report/pack.ts';
import {reportOf} from '../../../src/features/report/report.ts';
import {testIf} from '../../helpers/tools.ts';
import {closeBrowser, open, painted} from './browser.ts';
import {ABOUT, HOSTILE, leak, region} from './scenes.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';

test.after.always(closeBrowser);

const template = readFileSync('dist/page.html', 'utf8');
const html = pageOf(template, packReport(reportOf(ABOUT, leak())));

const rows = (page: Page): Promise<string[]> => page.locator('#changes-table tbody tr').allInnerTexts();
const now = (page: Page): Promise<string> => page.locator('#now').innerText();

testIf('chromium').serial('it opens from disk, draws, and asks for nothing', async (t) => {
  const {page, complaints} = await open(t, html);
  t.true((await painted(page, '#chart')) > 10_000);
  t.true((await painted(page, '#picture')) > 10_000);
  t.regex(await page.locator('#summary').innerText(), /^In 20 s its resident memory went from 1\.5 MiB to 21\.5 MiB/);
  t.regex(await page.locator('#legend').innerText(), /heap\s+21 MiB\s+1 MiB\s+21 MiB\s+\+20 MiB\s+21 MiB/);
  t.regex(await page.locator('#growers').innerText(), /\[heap\]/);
  t.deepEqual(complaints, []);
});

testIf('chromium').serial(
  'a hostile name stays text, in the title, the picture, the events and the table',
  async (t) => {
    const {page, complaints} = await open(t, html);
    t.is(await page.locator('h1').innerText(), `${HOSTILE[0]} (pid 4242)`);
    t.is(await page.title(), `memmap: ${HOSTILE[0]} (pid 4242)`);
    t.true((await page.locator('#summary').innerText()).includes(`Mark: ${HOSTILE[1]}`));
    const text = (await rows(page)).join('\n');
    for (const name of HOSTILE.slice(0, 3)) t.true(text.includes(`${name} is new: 1 MiB`), name);
    t.true(text.includes('/tmp/\\u202egpj.exe is new'), 'no writing direction is changed');
    t.is(await page.locator('img').count(), 0);
    t.is(await page.evaluate('window.harmed'), undefined);
    t.deepEqual(complaints, []);
  },
);

testIf('chromium').serial('the slider goes look by look with the keys, and everything follows', async (t) => {
  const {page, complaints} = await open(t, html);
  const heap = page.locator('#legend tr', {hasText: 'heap'}).locator('td').nth(1);
  const label = page.locator('#picture .label', {hasText: 'heap'});
  const rule = async (): Promise<number> => (await page.locator('#chart .rule').boundingBox())!.x;
  await page.locator('#slider').focus();
  await page.keyboard.press('Home');
  t.regex(await now(page), /^0:00\.0 .*12:00:00 UTC, 3 regions/);
  t.is(await heap.innerText(), '1 MiB');
  t.regex(await label.innerText(), /1 MiB, 1 MiB resident/);
  const begin = await rule();
  for (let presses = 0; presses < 6; presses++) await page.keyboard.press('ArrowRight');
  t.regex(await now(page), /^0:06\.0 .* 8 regions/);
  t.is(await heap.innerText(), '7 MiB');
  const middle = await rule();
  await page.keyboard.press('PageUp');
  t.regex(await now(page), /^0:08\.0/);
  t.regex((await page.locator('#picture .label.gone').allInnerTexts()).join(), /gone/);
  await page.keyboard.press('End');
  t.regex(await now(page), /^0:20\.0/);
  const end = await rule();
  t.true(begin < middle && middle < end);
  const knob = await page.locator('#slider').evaluate((slider) => slider.getBoundingClientRect().right - 8);
  t.true(Math.abs(knob - end) < 2, 'the knob is under the line in the chart');
  t.deepEqual(complaints, []);
});

testIf('chromium').serial(
  'a press on the chart, on the picture and on a time in the table shows that moment; play continues',
  async (t) => {
    const {page} = await open(t, html);
    for (const place of ['#chart .u-over', '#picture canvas']) {
      const box = (await page.locator(place).boundingBox())!;
      await page.locator(place).click({position: {x: box.width * 0.52, y: 60}});
      t.regex(await now(page), /^0:10\.0/, place);
      await page.locator('#slider').press('End');
    }
    await page.locator('#changes-table button.link', {hasText: '0:03.0'}).first().click();
    t.regex(await now(page), /^0:03\.0/);
    await page.locator('#play').click();
    while ((await now(page)).startsWith('0:03')) await page.waitForTimeout(50);
    await page.locator('#play').click();
    const stopped = await now(page);
    await page.waitForTimeout(1500);
    t.is(await now(page), stopped);
  },
);

testIf('chromium').serial(
  'the table is filtered by words, by change and by kind, and put in another order',
  async (t) => {
    const {page} = await open(t, html);
    t.is((await rows(page)).length, 31, '30 changes and a mark');
    await page.locator('#filters input').fill('HEAP] GREW');
    t.is((await rows(page)).length, 20);
    await page.locator('#filters input').fill('');
    await page.locator('#filters select').first().selectOption('gone');
    t.is((await rows(page)).length, 5);
    await page.locator('#filters select').nth(1).selectOption('heap');
    t.is((await rows(page)).length, 0);
    t.regex(await page.locator('#shown').innerText(), /No change/);
    await page.locator('#filters select').first().selectOption('');
    await page.locator('#filters select').nth(1).selectOption('');
    await page.locator('#changes-table th button', {hasText: 'time'}).click();
    t.regex((await rows(page))[0]!, /^0:20\.0/);
    t.is(await page.locator('#changes-table th[aria-sort]').getAttribute('aria-sort'), 'descending');
  },
);

testIf('chromium').serial('another measure and another form are drawn; the listing is the moment', async (t) => {
  const {page, complaints} = await open(t, html);
  await page.getByRole('radio', {name: 'address space'}).check();
  t.regex(await page.locator('#legend').innerText(), /heap\s+21 MiB/);
  await page.getByRole('radio', {name: 'regions'}).check();
  t.regex(await page.locator('#legend').innerText(), /file\s+0\s+0\s+0\s+5/);
  await page.getByRole('radio', {name: 'lines'}).check();
  t.true((await painted(page, '#chart')) > 500);
  await page.locator('#listing summary').click();
  await page.locator('#listing tbody tr').nth(2).waitFor();
  t.is(await page.locator('#listing tbody tr').count(), 3);
  await page.locator('#slider').press('Home');
  await page.locator('#slider').press('ArrowRight');
  t.regex(await page.locator('#listing').innerText(), /10000000-10200000\s+2 MiB\s+rw-p\s+2 MiB\s+heap\s+\[heap\]/);
  t.deepEqual(complaints, []);
});

testIf('chromium').serial('dark where the system is, by the button, and never on paper', async (t) => {
  const {page} = await open(t, html, {colorScheme: 'dark'});
  const paper = (): Promise<string> => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  t.is(await paper(), 'rgb(21, 23, 26)');
  await page.locator('#theme').click();
  t.is(await paper(), 'rgb(253, 252, 249)');
  await page.locator('#theme').click();
  t.is(await paper(), 'rgb(21, 23, 26)');
  await page.emulateMedia({media: 'print'});
  t.is(await paper(), 'rgb(253, 252, 249)');
  t.false(await page.locator('#player').isVisible());
});

testIf('chromium').serial('at 400 pixels nothing reaches beyond the page', async (t) => {
  const {page, complaints} = await open(t, html, {viewport: {width: 400, height: 800}});
  t.true(await page.evaluate<boolean>('document.documentElement.scrollWidth <= 400'));
  t.true((await painted(page, '#picture')) > 10_000);
  t.deepEqual(complaints, []);
});

testIf('chromium').serial('60,000 regions are a page too', async (t) => {
  const regions = Array.from({length: 60_000}, (_, index) =>
    region(0x7f0000000000 + index * 8192, 4096, {perms: index % 2 ? 'r--p' : 'rw-p'}),
  );
  const look = (from: number) =>
    new Snapshot({
      source: {from: 'process', format: 'maps'},
      regions: regions.slice(from),
      process: {pid: 1, comm: 'many'},
    });
  const shots = [0, 10, 20, 30].map((from, index) => ({t: index * 1000, snapshot: look(from)}));
  const packed = packReport(reportOf({...ABOUT, looks: 4, duration: 3000}, shots));
  t.regex(packed.notes.join(), /The picture shows the largest 20,000 of 60,000 regions over time/);
  const {page, complaints} = await open(t, pageOf(template, packed));
  t.true((await painted(page, '#picture')) > 10_000);
  t.regex(await page.locator('#notes').innerText(), /largest 20,000/);
  t.deepEqual(complaints, []);
});
