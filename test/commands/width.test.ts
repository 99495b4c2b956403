import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {LESSONS} from '../../src/features/lessons/catalogue.ts';
import {cells} from '../../src/text/safe.ts';
import {memmap} from '../helpers/cli.ts';
import {Child} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {TerminalRun} from '../helpers/terminal.ts';
import {testIf} from '../helpers/tools.ts';
import {COMMANDS} from '../../src/main.ts';

/** What memmap prints on a terminal; a line that is rewritten in place counts with each of its contents. */
async function printed(t: ExecutionContext, words: string, columns: number): Promise<string[]> {
  const run = new TerminalRun(t, words.split(' '), {columns, rows: 24});
  await run.end();
  return run.lines.flatMap((line) => line.split('\r')).map((line) => line.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, ''));
}

async function fits(t: ExecutionContext, words: string, columns = 80): Promise<void> {
  const lines = await printed(t, words, columns);
  t.true(lines.length > 1, words);
  const wide = lines.filter((line) => cells(line) > columns);
  t.deepEqual(wide, [], words);
}

for (const {name} of LESSONS)
  test(`demo ${name} fits into 80 columns, and its sentences are whole`, async (t) => {
    const lines = await printed(t, `demo ${name}`, 80);
    t.deepEqual(
      lines.filter((line) => cells(line) > 80),
      [],
    );
    // The lessons themselves write … for the flags of a call that don't matter.
    const cut = lines.filter((line) => /\w…\w/.test(line));
    t.deepEqual(cut, []);
  });

test('the help of each command fits into 80 columns', async (t) => {
  await fits(t, '--help');
  for (const command of Object.keys(COMMANDS)) await fits(t, `${command} --help`);
});

testIf('python3')('what each command prints fits into 80 columns', async (t) => {
  const place = folder(t);
  const grown = 'import ssl, json, time\nx = []\nwhile True: x.append(bytearray(200000)); time.sleep(0.05)';
  const {pid} = new Child(t, 'python3', ['-c', grown]);
  const file = (name: string): string => join(place, name);
  await memmap(['record', String(pid), '-o', file('r'), '--for', '2s', '--interval', '100ms']);
  await memmap(['snapshot', String(pid), '-o', file('s')]);
  const calls = [
    `show ${pid}`,
    `show ${pid} --summary --room`,
    `show ${pid} --by file`,
    `show ${pid} --map`,
    `show ${pid} --children`,
    'show --columns help',
    'show no-such-process-at-all',
    'show --sumary',
    `diff ${file('s')} ${pid}`,
    `diff ${file('s')} ${process.pid}`,
    `diff ${file('s')} ${pid} --map`,
    `diff ${file('r')}#first ${file('r')}#last`,
    'explain',
    'explain rss',
    'explain mmap',
    `explain ${pid}`,
    `explain ${pid} heap`,
    `pages ${pid}`,
    `pages ${pid} heap`,
    `heap ${pid}`,
    'ps',
    `ps ${pid}`,
    'ps --by user --min-size 1M',
    'ps --by cgroup --max-stall 1ms',
    'show cgroup:self',
    'show unit:no-such-unit',
    `cow ${pid}`,
    'watch cgroup:self --count 2',
    'growth cgroup:self --for 1s',
    'check cgroup:self --max usage=64G --no-growth pss',
    `growth ${file('r')}`,
    `growth ${pid} --for 1s`,
    `check ${pid} --max rss=1M --no rwx --no-growth heap`,
    'run -- python3 -c 0',
    `record ${pid} -o ${file('x')} --for 1s`,
    `replay ${file('r')} --moments`,
    `report ${file('r')} -o ${file('p')}`,
    `export ${file('r')} -o ${file('c')}`,
    `snapshot ${pid} -o ${file('t')}`,
    'demo',
    'demo --all',
    'demo brk --listing',
  ];
  for (const call of calls) await fits(t, call);
  t.true(readFileSync(file('p')).length > 0);
});
