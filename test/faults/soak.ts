import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {Session} from '../../src/procfs/sampling/session.ts';
import {MEMMAP} from '../helpers/cli.ts';

/** The numbers of lessons that are killed and of looks of one watch; fewer to try it out. */
const LESSONS = Number(process.env['LESSONS'] ?? 1000);
const LOOKS = Number(process.env['LOOKS'] ?? 1_000_000);
const AT_ONCE = 4;

/** The same for a long time: lessons that are killed at random moments, and a watch of a million looks. */
export async function soakTable(): Promise<{text: string; failed: boolean}> {
  process.stderr.write(`soak: ${LESSONS} lessons\n`);
  const lessons = await killedLessons();
  process.stderr.write(`soak: ${lessons.text}\nsoak: ${LOOKS} looks\n`);
  const looks = manyLooks();
  process.stderr.write(`soak: ${looks.text}\n`);
  const text = `## For a long time

- ${lessons.text}
- ${looks.text}

${lessons.failed || looks.failed ? '**FAILED**' : 'As expected.'}
`;
  return {text, failed: lessons.failed || looks.failed};
}

interface Part {
  readonly text: string;
  readonly failed: boolean;
}

/** Each with its helper, which must end too. */
async function killedLessons(): Promise<Part> {
  const names = [...new Set(readdirSync('dist/helpers').map((file) => file.replace(/\..*/, '')))].filter(
    (name) => !['gate', 'hand', 'index'].includes(name),
  );
  const folder = mkdtempSync(join(tmpdir(), 'memmap-soak-'));
  let [begun, done] = [0, 0];
  const worker = async (): Promise<void> => {
    while (begun < LESSONS) {
      const name = names[begun++ % names.length]!;
      const env = {...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: folder, HOME: folder};
      const demo = spawn(process.execPath, [MEMMAP, 'demo', name], {stdio: 'ignore', env});
      const ended = new Promise<NodeJS.Signals | null>((resolve) => demo.once('exit', (_, signal) => resolve(signal)));
      const timer = setTimeout(() => demo.kill('SIGKILL'), 60 + Math.random() * 500);
      if ((await ended) === null) done++;
      clearTimeout(timer);
    }
  };
  await Promise.all(Array.from({length: AT_ONCE}, worker));
  await sleep(1000);
  const [helpers, files] = [helpersLeft(), readdirSync(folder)];
  rmSync(folder, {recursive: true, force: true});
  return {
    text:
      `${LESSONS} lessons (${names.length} different ones), of which ${LESSONS - done} were killed with SIGKILL at ` +
      `a random moment: ${helpers.length} processes and ${files.length} files are left.`,
    failed: helpers.length > 0 || files.length > 0,
  };
}

/** Processes that run one of our helpers. */
function helpersLeft(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(`${process.cwd()}/dist/helpers/`)
      );
    } catch {
      return false;
    }
  });
}

/** What looking at a process leaves behind in this process; the listing changes at each tenth look. */
function manyLooks(): Part {
  const root = mkdtempSync(join(tmpdir(), 'memmap-soak-'));
  mkdirSync(`${root}/4242`);
  for (const file of ['stat', 'status'])
    writeFileSync(`${root}/4242/${file}`, readFileSync(`test/fixtures/proc/sleep-${file}.txt`));
  const lines = readFileSync('test/fixtures/maps/sleep.txt', 'latin1');
  const more = `00010000-00011000 rw-p 00000000 00:00 0 \n${lines}`;
  writeFileSync(`${root}/4242/maps`, lines, 'latin1');
  const session = new Session(4242, {root, maxDuty: 0});
  const seen: Array<{readonly fds: number; readonly rss: number; readonly timers: number}> = [];
  let changes = 0;
  let last = session.snapshot;
  const begin = performance.now();
  for (let look = 1; look <= LOOKS; look++) {
    if (look % 10 === 0) writeFileSync(`${root}/4242/maps`, look % 20 === 0 ? lines : more, 'latin1');
    const found = session.look();
    if (found.saw === 'process' && found.snapshot !== last) changes++;
    if (found.saw === 'process') last = found.snapshot;
    if (look === LOOKS / 10 || look === LOOKS / 2 || look === LOOKS) seen.push(measure());
  }
  const us = ((performance.now() - begin) / LOOKS) * 1000;
  session.close();
  rmSync(root, {recursive: true});
  const mib = seen.map(({rss}) => `${Math.round(rss / 2 ** 20)} MiB`);
  const isFlat =
    seen.every(({fds, timers}) => fds === seen[0]!.fds && timers === seen[0]!.timers) &&
    seen.at(-1)!.rss < seen[0]!.rss * 1.2 + 2 ** 24;
  return {
    text:
      `${LOOKS.toLocaleString('en')} samples of one watch, ${changes.toLocaleString('en')} of which saw a change, ` +
      `${us.toFixed(0)} µs each: after a tenth, a half and all of them ${seen.map(({fds}) => fds).join(', ')} ` +
      `descriptors, ${seen.map(({timers}) => timers).join(', ')} timers, ${mib.join(', ')} resident.`,
    failed: !isFlat || changes < LOOKS / 11,
  };
}

const measure = (): {fds: number; rss: number; timers: number} => ({
  fds: readdirSync('/proc/self/fd').length,
  rss: process.memoryUsage.rss(),
  timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
});
