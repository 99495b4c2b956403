import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {memmap, MEMMAP} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {familyPython, numberFrom} from '../../procfs/families.ts';

interface Family {
  readonly processes: ReadonlyArray<{pid: number; depth: number; usage?: Record<string, number>}>;
  readonly totals: {usage: Record<string, number>};
}

/** Was a process recorded with at least so many resident bytes? */
function hasLine(path: string, pid: number, least: number): boolean {
  const rows = readFileSync(path, 'utf8').matchAll(new RegExp(`"${pid}\\.\\d+":\\{[^}]*?"rss":(\\d+)`, 'g'));
  return [...rows].some(([, rss]) => Number(rss) >= least);
}

testIf('python3')('a recording has its family: show, replay and check see its members at any moment', async (t) => {
  const first = await familyPython(t);
  const kept = await numberFrom(first, "answer = fork('mine = bytearray(30 << 20)')");
  const path = join(folder(t), 'family.jsonl');
  const words = ['record', String(first.pid), '--children', '-o', path, '--interval', '50ms'];
  const recorder = spawn(process.execPath, [MEMMAP, ...words], {stdio: ['ignore', 'pipe', 'inherit']});
  t.teardown(() => recorder.kill('SIGKILL'));
  let stdout = '';
  recorder.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  const ended = once(recorder, 'close');
  await until(() => hasLine(path, first.pid, 1), 'the first moment');
  // Another one comes, and goes, while it is recorded.
  const grandchild = await numberFrom(first, "answer = fork('mine = bytearray(60 << 20)')");
  await until(() => hasLine(path, grandchild, 60 << 20), 'a line about the child');
  await first.ask(`end(${grandchild})`);
  const has = (pattern: string): boolean => new RegExp(pattern).test(readFileSync(path, 'utf8'));
  await until(() => has(`"${grandchild}\\.\\d+":null`), 'a line without the child');
  await until(() => has(`"${kept}\\.\\d+":\\{[^}]*"usage":`), 'what the other child has');
  recorder.kill('SIGINT');
  t.deepEqual(await ended, [130, null]);
  t.regex(stdout, /; the family was sampled \d+ times, smaps_rollup read (once|\d+ times)\.$/m);
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) conforms(t, 'recording', JSON.parse(line));

  const shown = await memmap(['show', `${path}#last`, '--children', '--json']);
  t.is(shown.code, 0, shown.stderr);
  const family = JSON.parse(shown.stdout) as Family;
  conforms(t, 'family', family);
  const ours = family.processes.map(({pid}) => pid);
  t.true(ours.includes(first.pid) && ours.includes(kept), shown.stdout);
  t.true(family.processes.find(({pid}) => pid === kept)!.usage!['privateDirty']! > 30 << 20);
  t.regex((await memmap(['show', path, '--children'])).stdout, new RegExp(`^ *${kept} .* python3$`, 'm'));

  const events = await memmap(['replay', path, '--json']);
  for (const line of events.stdout.trimEnd().split('\n')) conforms(t, 'watch-event', JSON.parse(line));
  const lines = (await memmap(['replay', path])).stdout;
  t.regex(lines, new RegExp(`  \\+ process +python3 \\(pid ${grandchild}\\) is new: its parent is ${first.pid}`));
  t.regex(lines, /  = family +\d processes, [\d.]+ MiB resident, added up; PSS/);

  const report = await memmap(['report', path, '--json']);
  const document = JSON.parse(report.stdout) as {
    summary: string[];
    family: {members: ReadonlyArray<{pid: number; rss: number; line: ReadonlyArray<number | null>}>};
  };
  conforms(t, 'report', document);
  const largest = document.family.members[0]!;
  t.is(largest.pid, grandchild);
  t.true(largest.rss > 60 << 20 && largest.line.includes(null), 'it was there for a part of the time');
  t.true(document.summary.some((sentence) => sentence.startsWith('Its family, 3 processes at most, went from ')));
  t.regex((await memmap(['report', path, '-o', '-'])).stdout, /<section id="family"/);

  const check = (args: readonly string[]) => memmap(['check', path, '--max', 'rss=80M', ...args]);
  t.is((await check([])).code, 0);
  t.is((await check(['--children'])).code, 1);
});

testIf('python3')('where no family was recorded, that is said', async (t) => {
  const first = await familyPython(t);
  const path = join(folder(t), 'alone.jsonl');
  await memmap(['record', String(first.pid), '-o', path, '--count', '2', '--interval', '20ms']);
  for (const args of [
    ['show', path, '--children'],
    ['check', path, '--children', '--max', 'rss=1G'],
  ]) {
    const {code, stderr} = await memmap(args);
    t.is(code, 2);
    t.regex(
      stderr,
      /^memmap: --children can't be used with .*\n.*it was recorded without its family\.\n.*memmap record PID --children$/m,
    );
  }
});
