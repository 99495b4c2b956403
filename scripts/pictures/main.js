// Makes the pictures of the README from real runs: npm run pictures. It needs python3, script(1) and Chromium.
import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';
import {svgOf} from './svg.js';
import {filmed} from './terminal.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const memmap = `${process.execPath} ${root}bin/run.js`;
const place = mkdtempSync(join(tmpdir(), 'memmap-pictures-'));
const size = {columns: 80, rows: 24};

/** A typed command line, then what it prints. */
const typed = (words, run) => `printf '$ \\033[1mmemmap ${words}\\033[0m\\n'; ${run}`;

/** A service with a cache that grows all the time, and a burst now and then. */
const SERVICE = `
import time
cache, t = [], 0
while True:
    cache.append(bytearray(b"x") * 60_000)
    t += 1
    if t % 40 == 20: burst = bytearray(b"x") * (4 << 20)
    if t % 40 == 35: burst = None
    time.sleep(0.05)
`;

async function demo() {
  const step = (ms) => [ms, '\r'];
  const keys = [1500, 4500, 7500, 10_500, 13_500].map(step);
  const frames = await filmed(typed('demo brk --step', `${memmap} demo brk --step`), {...size, keys, end: 16_000});
  write('demo.svg', svgOf(frames, {...size, title: 'memmap demo brk: each step is predicted, done and explained'}));
}

async function watch(pid) {
  const keys = [[9000, 'q']];
  const frames = await filmed(typed('watch python3', `${memmap} watch ${pid} --interval 250ms`), {
    ...size,
    keys,
    end: 11_000,
  });
  write('watch.svg', svgOf(frames, {...size, title: 'memmap watch: what changes is marked as it happens'}));
}

async function report(pid) {
  const [recording, page] = [join(place, 'service.jsonl'), join(place, 'service.html')];
  run('record', String(pid), '-o', recording, '--for', '20s', '--interval', '100ms');
  run('report', recording, '-o', page);
  const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox']});
  const tab = await browser.newPage({viewport: {width: 1100, height: 1250}, colorScheme: 'light'});
  await tab.goto(`file://${page}`);
  await sleep(1000);
  await tab.screenshot({path: `${root}docs/pictures/report.png`});
  await browser.close();
}

const run = (...words) => execFileSync(process.execPath, [`${root}bin/run.js`, ...words], {stdio: 'ignore'});

const write = (name, svg) => writeFileSync(`${root}docs/pictures/${name}`, svg);

const service = spawn('/usr/bin/python3', ['-c', SERVICE], {stdio: 'ignore'});
try {
  await sleep(500);
  await demo();
  await watch(service.pid);
  await report(service.pid);
} finally {
  service.kill();
  rmSync(place, {recursive: true});
}
