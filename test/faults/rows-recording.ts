import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {appendFileSync, existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {readRecording} from '../../src/recording/recording.ts';
import type {Child} from '../helpers/child.ts';
import {MEMMAP} from '../helpers/cli.ts';
import {until} from '../helpers/wait.ts';
import {closeBrowser, open} from '../features/report/browser.ts';
import {clean, done, refused, type Row, type Scene} from './scene.ts';

/** Recordings, and what is made from them: pages and tables. */
export const RECORDING_ROWS: readonly Row[] = [
  {
    id: '32',
    fault: 'a crash in the middle of record',
    how:
      'record of a process that changes all the time, plain and compressed, killed with SIGKILL at 40 random ' +
      'moments',
    expected: 'all samples but the last one are there; 5, and the cut is reported',
    needs: ['python3', 'slow'],
    run: crashes,
  },
  {
    id: '33',
    fault: 'appending after a torn end',
    how: 'the last line of a recording cut in the middle, then record --append',
    expected: 'the torn line is removed, what was before stays, what follows is appended: whole',
    needs: ['python3', 'slow'],
    run: appended,
  },
  {
    id: '34',
    fault: 'two recorders on one file',
    how:
      'record --append and record --force of a file that is being recorded; then the first is killed with SIGKILL, ' +
      'and again',
    expected: '7 while the first is at work, and its file is not touched; 0 once it is dead',
    needs: ['python3', 'slow'],
    run: twoRecorders,
  },
  {
    id: '36',
    fault: 'the clock steps while recording',
    how:
      'record in a time namespace whose clock faketime(1) cannot reach: date -s an hour back and forth, in a ' +
      'machine of its own',
    expected: 'time within a recording never goes back',
    not:
      'to set the clock would set it for the whole machine; test/recording/clock.test.ts gives the recorder a ' +
      'clock that steps by an hour and by a day',
  },
  {
    id: '48',
    fault: 'HTML in a name',
    how:
      'files named <img src=x onerror=…> and </script><script>… mapped, and a comm like that; record, report, the ' +
      'page in Chromium without a network',
    expected: 'shown as text, and nothing runs',
    needs: ['python3', 'slow'],
    run: hostilePage,
  },
  {
    id: '49',
    fault: 'a formula in CSV',
    how: 'the same process with names that begin with = + - @: export --format csv, read by Python',
    expected: 'no cell that a spreadsheet would take for one',
    needs: ['python3', 'slow'],
    run: formulas,
  },
];

const CHURN =
  'import random\nkept = []\nprint("ready", flush=True)\nwhile True:\n  kept.append(mmap.mmap(-1, 4096 * ' +
  'random.randint(1, 99)))\n  if len(kept) > 60: kept = kept[30:]\n  time.sleep(0.002)';

const recorder = (scene: Scene, child: Child, path: string, ...flags: readonly string[]): ReturnType<typeof spawn> => {
  const args = [MEMMAP, 'record', String(child.pid), '-o', path, '--interval', '10ms', ...flags];
  const recording = spawn(process.execPath, args, {stdio: 'ignore'});
  scene.teardown(() => recording.kill('SIGKILL'));
  return recording;
};

const ended = (child: ReturnType<typeof spawn>): Promise<unknown> =>
  new Promise((resolve) => child.once('exit', resolve));

async function crashes(scene: Scene): Promise<string> {
  const child = await scene.python(CHURN);
  const folder = scene.folder();
  let [moments, cut, empty] = [0, 0, 0];
  for (let kill = 0; kill < 40; kill++) {
    const path = join(folder, `r${kill}.jsonl${kill % 2 ? '.gz' : ''}`);
    const recording = recorder(scene, child, path);
    await until(() => existsSync(path), 'the recording');
    await sleep(Math.random() * 600);
    recording.kill('SIGKILL');
    await ended(recording);
    if (statSync(path).size < 2000) {
      empty++;
      continue;
    }
    const read = readRecording(path);
    assert.ok(!read.isWhole && read.rejected.length <= 1, JSON.stringify(read.rejected.slice(0, 3)));
    moments += read.count;
    cut += read.rejected.length;
    if (kill % 10 > 1) continue;
    const shown = await scene.memmap(['show', path]);
    clean(shown.stderr);
    assert.equal(shown.code, 5, shown.stderr);
  }
  assert.deepEqual(
    readdirSync(folder).filter((file) => file.endsWith('.tmp')),
    [],
  );
  return (
    `${moments} moments of ${40 - empty} recordings are there, ${cut} last lines were cut; ${empty} were killed ` +
    'before the first moment'
  );
}

async function appended(scene: Scene): Promise<string> {
  const child = await scene.python(CHURN);
  const counts: string[] = [];
  for (const ending of ['jsonl', 'jsonl.gz']) {
    const path = join(scene.folder(), `r.${ending}`);
    const recording = recorder(scene, child, path);
    await until(() => existsSync(path) && statSync(path).size > 60_000, '60,000 bytes');
    recording.kill('SIGKILL');
    await ended(recording);
    if (ending === 'jsonl') appendFileSync(path, '{"look":99,"t":12');
    const before = readRecording(path);
    done(
      await scene.memmap(['record', String(child.pid), '--append', '-o', path, '--count', '5', '--interval', '20ms']),
    );
    const after = readRecording(path);
    assert.deepEqual(after.rejected, []);
    assert.ok(after.isWhole && after.count > before.count, `${before.count} and then ${after.count}`);
    counts.push(`${before.count} → ${after.count}`);
  }
  return `${counts.join(', compressed ')} moments, whole`;
}

async function twoRecorders(scene: Scene): Promise<string> {
  const child = await scene.python(CHURN);
  const path = join(scene.folder(), 'r.jsonl');
  const first = recorder(scene, child, path);
  await until(() => existsSync(path) && statSync(path).size > 5000, '5,000 bytes');
  const {ino, size} = statSync(path);
  const again = ['record', String(child.pid), '-o', path, '--count', '2', '--interval', '20ms'];
  const words = refused(await scene.memmap([...again, '--append']), 7, /record/);
  refused(await scene.memmap([...again, '--force']), 7, /record/);
  refused(await scene.memmap(again), 7, /./);
  const now = statSync(path);
  assert.ok(now.ino === ino && now.size >= size, 'its file was touched');
  first.kill('SIGKILL');
  await ended(first);
  done(await scene.memmap([...again, '--append']));
  assert.deepEqual(readRecording(path).rejected, []);
  return `${words.replace(/\d{2,}/g, 'N')}; after its end: 0`;
}

const NAMES = [
  '<img src=x onerror=alert(1)>',
  '<!--<script>alert(2)',
  '"onmouseover="alert(3)',
  '=cmd|calc!A0',
  '+1+1',
  '-2+3',
  '@SUM(1)',
  "'quoted",
  '<b>x<hr>',
];

/** A process that maps files with these names at random times, and has such a name itself; and a recording of it. */
async function recorded(scene: Scene): Promise<string> {
  const [place, out] = [scene.folder(), join(scene.folder(), 'r.jsonl')];
  const code = `
import json
names = json.loads(${JSON.stringify(JSON.stringify(NAMES))})
ctypes.CDLL(None).prctl(15, b"=<b>'&x", 0, 0, 0)
os.chdir(${JSON.stringify(place)}); kept = []
print("ready", flush=True)
while True:
  for name in names:
    f = os.open(name, os.O_RDWR | os.O_CREAT); os.ftruncate(f, 8192); m = mmap.mmap(f, 8192); m[0] = 1; kept = [*kept[-5:], m]; os.close(f); time.sleep(0.03)`;
  const child = await scene.python(code);
  done(
    await scene.memmap([
      'record',
      String(child.pid),
      '-o',
      out,
      '--interval',
      '20ms',
      '--for',
      '1500ms',
      '--mark',
      '<img src=y onerror=alert(4)>',
    ]),
  );
  return out;
}

async function hostilePage(scene: Scene): Promise<string> {
  const recording = await recorded(scene);
  const html = join(scene.folder(), 'page.html');
  done(await scene.bash('$MEMMAP report "$1" -o "$2"; code=$?; echo ok; exit $code', [recording, html]));
  scene.teardown(() => void closeBrowser());
  const {page, complaints} = await open(scene.test, readFileSync(html, 'utf8'));
  const text = await page.innerText('body');
  assert.ok(
    NAMES.slice(0, 3).every((name) => text.includes(name)),
    'the names are there as text',
  );
  assert.equal(await page.locator('img, hr').count(), 0);
  assert.deepEqual(complaints, []);
  return `the names are text; nothing ran, and nothing was requested`;
}

async function formulas(scene: Scene): Promise<string> {
  const recording = await recorded(scene);
  const code = 'import csv, sys, json; print(json.dumps([row for row in csv.reader(sys.stdin)]))';
  const {stdout} = await scene.bash('$MEMMAP export "$1" --format csv | python3 -c "$2"', [recording, code]);
  const rows = JSON.parse(stdout) as string[][];
  assert.ok(rows.length > 10 && rows.every((row) => row.length === rows[0]!.length));
  const bad = rows.flat().filter((cell) => /^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(cell));
  assert.deepEqual(bad, []);
  return `${rows.length * rows[0]!.length} cells: memmap's own words, times and numbers; no name of a file is among them`;
}
