import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type {Page} from 'playwright-core';
import {FLAME_MEASURES} from '../../../src/features/cause/measures.ts';
import {flameBoxes, type FlameNode, flameTree} from '../../../src/features/report/page/flame/tree.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {BLOCK_SIZE, HOSTILE, LAST, MIB, recordedScene} from '../cause/scene.ts';
import {closeBrowser, open} from './browser.ts';

test.after.always(closeBrowser);

interface Document {
  readonly summary: readonly string[];
  readonly notes: readonly string[];
  readonly causes?: {
    readonly every?: number;
    readonly stacks: ReadonlyArray<{
      readonly functions: readonly string[];
      readonly kept: number;
      readonly peak: number;
    }>;
  };
}

async function reported(file: string): Promise<{document: Document; html: string}> {
  const page = join(file, '../page.html');
  await memmap(['report', file, '-o', page, '--force']);
  const {stdout} = await memmap(['report', file, '--json']);
  return {document: JSON.parse(stdout) as Document, html: readFileSync(page, 'utf8')};
}

test('the document has the stacks with their bytes, and the words say who holds most', async (t) => {
  const {document} = await reported(await recordedScene(t));
  conforms(t, 'report', document);
  const {causes, summary, notes} = document;
  t.is(causes!.every, 32);
  t.like(
    causes!.stacks.find(({functions}) => functions.includes('parse_string')),
    {
      functions: ['main', 'handle_request', 'parse_string', 'malloc', 'brk'],
      kept: LAST * MIB,
      peak: LAST * MIB,
    },
  );
  t.true(
    summary.includes(
      'Of the 66 MiB that were mapped at the end, 91 % were mapped by brk ← malloc ← parse_string ← handle_request ' +
        '← main.',
    ),
  );
  t.false(notes.some((note) => /memory call/i.test(note)));
});

test('a recording without memory calls has none, and what of them is not known is noted', async (t) => {
  const plain = await reported(await recordedScene(t, {isPlain: true}));
  t.is(plain.document.causes, undefined);
  t.false(plain.document.notes.some((note) => /memory calls/i.test(note)));
  const cut = await reported(await recordedScene(t, {isCut: true}));
  t.is(cut.document.causes, undefined);
  t.true(cut.document.notes.some((note) => note.startsWith('Memory calls were recorded, but not what they')));
  const lossy = await reported(await recordedScene(t, {lost: 3}));
  t.true(lossy.document.notes.includes('3 memory calls were lost: who mapped what is known without them.'));
});

test('the boxes of a level lie side by side, none beyond the one above, and their bytes add up', (t) => {
  const row = fc.tuple(fc.array(fc.integer({min: 0, max: 3}), {minLength: 1, maxLength: 5}), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(row, {maxLength: 20}), fc.nat(50), (rows, which) => {
      const stacks = rows.map(([path, bytes]) => [path, bytes, 0, 2 * bytes, 0] as const);
      const names = ['a', 'b', 'c', 'd'];
      const all = rows.reduce((sum, [, bytes]) => sum + bytes, 0);
      const root = flameTree({names, stacks, every: null}, 'kept');
      t.is(root.bytes, all);
      t.is(flameTree({names, stacks, every: null}, 'mapped').bytes, 2 * all);
      const nodes: FlameNode[] = [];
      const walk = (node: FlameNode): void => {
        nodes.push(node);
        t.true(node.children.reduce((sum, {bytes}) => sum + bytes, 0) <= node.bytes);
        node.children.forEach(walk);
      };
      walk(root);
      const focus = nodes[which % nodes.length]!;
      const boxes = flameBoxes(focus, 0);
      const close = 1e-9;
      for (const box of boxes) {
        const above = boxes.find(({node}) => node === box.node.parent);
        t.true(!above || (box.from >= above.from - close && box.from + box.width <= above.from + above.width + close));
        for (const other of boxes)
          t.true(
            other === box ||
              other.row !== box.row ||
              other.from >= box.from + box.width - close ||
              box.from >= other.from + other.width - close,
          );
      }
      t.is(new Set(boxes.map(({node}) => node)).size, boxes.length);
    }),
    {numRuns: 200},
  );
});

const labels = (page: Page): Promise<string[]> =>
  page.locator('#flame [role=treeitem]').evaluateAll((items) => items.map((item) => item.getAttribute('aria-label')!));

testIf('chromium').serial('the flame graph is drawn for each measure, and says what it shows', async (t) => {
  const {page, complaints} = await open(t, (await reported(await recordedScene(t))).html);
  t.is(await page.locator('#causes').isVisible(), true);
  const all = await labels(page);
  t.is(all[0], 'all: 66 MiB, 100.0 %');
  t.true(all.includes('parse_string: 60 MiB, 90.9 %'));
  t.true(all.includes('image_decode: 4 MiB, 6.1 %'));
  t.true(all.includes('[before it was watched]: 2 MiB, 3.0 %'));
  t.false(
    all.some((label) => label.includes('onerror')),
    'nothing of it is still there',
  );
  const width = async (name: string): Promise<number> =>
    (await page.locator(`#flame [aria-label^="${name}:"] rect`).boundingBox())!.width;
  t.true(Math.abs((await width('parse_string')) / (await width('all')) - 60 / 66) < 0.01);
  await page.getByRole('radio', {name: 'mapped'}).check();
  const mapped = await labels(page);
  t.true(mapped.some((label) => label.startsWith('</script><img src=x onerror')));
  t.is(await page.locator('img').count(), 0);
  t.is(await page.evaluate('window.harmed'), undefined);
  await page.getByRole('radio', {name: 'touched'}).check();
  t.true((await labels(page)).includes('parse_string: some 22.5 MiB, 100.0 %'));
  t.regex(await page.locator('#flame-words').innerText(), /one of 32 page faults was sampled/);
  await page.getByRole('radio', {name: 'at the peak'}).check();
  await page.locator('#causes details summary').click();
  t.regex(
    (await page.locator('#flame-stacks tbody tr').allInnerTexts())[0]!,
    /^60 MiB\s+89\.6 %\s+brk ← malloc ← parse_string ← handle_request ← main$/,
  );
  t.is(BLOCK_SIZE, 4 * MIB);
  t.true(HOSTILE.includes('<img'));
  t.deepEqual(complaints, []);
});

testIf('chromium').serial('it is used with the keys alone, and with the pointer', async (t) => {
  const {page, complaints} = await open(t, (await reported(await recordedScene(t))).html);
  const now = (): Promise<string> => page.locator('#flame-now').innerText();
  const has = (): Promise<string | null> =>
    page.evaluate<string | null>('document.activeElement.getAttribute("aria-label")');
  t.is(await page.locator('#flame [tabindex="0"]').count(), 1, 'Tab stops at it once');
  await page.locator('#flame-measure input:checked').focus();
  await page.keyboard.press('Tab');
  t.is(await has(), 'all: 66 MiB, 100.0 %');
  await page.keyboard.press('ArrowDown');
  t.is(await has(), 'main: 64 MiB, 97.0 %');
  await page.keyboard.press('ArrowRight');
  t.is(await has(), '[before it was watched]: 2 MiB, 3.0 %');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  t.is(await has(), 'image_decode: 4 MiB, 6.1 %');
  t.is(await now(), 'image_decode: 4 MiB, 6.1 %, called by handle_request ← main');
  await page.keyboard.press('Enter');
  t.is(await has(), 'image_decode: 4 MiB, 6.1 %', 'the focus stays');
  t.false(
    (await labels(page)).some((label) => label.startsWith('parse_string')),
    'it is shown alone',
  );
  const box = async (name: string) => (await page.locator(`#flame [aria-label^="${name}:"] rect`).boundingBox())!;
  t.true(
    Math.abs((await box('image_decode')).width - (await box('all')).width) < 6,
    'but for the frame of what has the focus',
  );
  await page.keyboard.press('ArrowUp');
  t.is(await has(), 'handle_request: 64 MiB, 97.0 %');
  await page.keyboard.press('Escape');
  t.is(await has(), 'all: 66 MiB, 100.0 %');
  t.true((await labels(page)).some((label) => label.startsWith('parse_string')));
  await page.locator('#flame [aria-label^="parse_string:"]').hover();
  t.regex(await now(), /^parse_string: 60 MiB/);
  await page.locator('#flame [aria-label^="parse_string:"]').click();
  t.false((await labels(page)).some((label) => label.startsWith('image_decode')));
  await page.locator('#theme').click();
  t.false(
    (await labels(page)).some((label) => label.startsWith('image_decode')),
    'it stays as it was',
  );
  t.deepEqual(complaints, []);
});

testIf('chromium').serial('without memory calls there is no such part', async (t) => {
  const {page, complaints} = await open(t, (await reported(await recordedScene(t, {isPlain: true}))).html);
  t.is(await page.locator('#causes').isVisible(), false);
  const dry = await open(t, (await reported(await recordedScene(t, {touched: false}))).html);
  t.is(
    await dry.page.locator('#flame-measure input').count(),
    FLAME_MEASURES.length - 1,
    'nothing is known of touches',
  );
  t.deepEqual([...complaints, ...dry.complaints], []);
});

test('a page is written into an empty place', async (t) => {
  const ran = await memmap(['report', await recordedScene(t), '-o', join(folder(t), 'page.html')]);
  t.is(ran.code, 0, ran.stderr);
});
