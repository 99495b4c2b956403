import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {ExecutionContext} from 'ava';
import {chromium, type Browser, type BrowserContextOptions, type Page} from 'playwright-core';
import {folder} from '../../helpers/listings.ts';
import {PATIENCE} from '../../helpers/wait.ts';

/** A page that is open in Chromium, without a network. */
export interface Opened {
  readonly page: Page;
  /** What the browser complained about, and every address that was asked for beside the page itself. */
  readonly complaints: readonly string[];
}

/** The browser of this process. Each test has a context of its own in it, as of a user who never used it. */
let browser: Promise<Browser> | undefined;

/** For the end of what opened pages. */
export async function closeBrowser(): Promise<void> {
  const last = browser;
  browser = undefined;
  await (await last)?.close();
}

/** Opens a page from disk, as a user would by a double click. */
export async function open(t: ExecutionContext, html: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const path = join(folder(t), 'report.html');
  writeFileSync(path, html);
  browser ??= chromium.launch({executablePath: chromiumPath(), args: ['--no-sandbox'], timeout: PATIENCE});
  const context = await (await browser).newContext({offline: true, viewport: {width: 1100, height: 800}, ...options});
  t.teardown(() => context.close());
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  const url = pathToFileURL(path).href;
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  await page.goto(url);
  return {page, complaints};
}

/** Debian's Chromium: nothing is downloaded for a test. */
const chromiumPath = (): string =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((place) => join(place, 'chromium'))
    .find((path) => existsSync(path))!;

/**
 * How many pixels of the first canvas in an element aren't transparent. What runs in the page is text, since its types
 * are not Node's.
 */
export const painted = (page: Page, selector: string): Promise<number> =>
  page.evaluate<number>(`(() => {
    const canvas = document.querySelector('${selector} canvas');
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, at) => at % 4 === 3 && value > 0).length;
  })()`);
