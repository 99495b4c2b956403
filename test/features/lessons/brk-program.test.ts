import {spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {LESSONS} from '../../../src/features/lessons/catalogue.ts';
import {brkFile, save, temporaryFolder} from '../../elf/helper-file.ts';
import {firstFive, LAYOUT, Running} from '../../elf/running.ts';
import {run, testIf} from '../../elf/tools.ts';
import {inState} from '../../helpers/child.ts';
import {until} from '../../helpers/wait.ts';

/** What it says by hand: the break goes up by a page, then by four, down by four, and to where it was. */
const ALL_STEPS =
  /^pid: \d+\nbrk: 0x([\da-f]+000)\ntouched: 0x([\da-f]+000)\nmore: 0x[\da-f]+000\nless: 0x\1\nnone: 0x\2\n$/;

const GOLDEN = new URL('../../../../test/fixtures/elf/brk.x64.sha256', import.meta.url);

function start(t: ExecutionContext, args: readonly string[]): Running {
  const running = new Running(save(temporaryFolder(t), 'brk', brkFile()), args);
  t.teardown(() => running.kill());
  return running;
}

test('The file is the committed one, and has 20,481 bytes', (t) => {
  const file = brkFile();
  const sha256 = createHash('sha256').update(file).digest('hex');
  if (process.env['UPDATE_GOLDENS']) writeFileSync(GOLDEN, `${sha256}\n`);
  t.deepEqual({size: file.length, sha256}, {size: 20_481, sha256: readFileSync(GOLDEN, 'utf8').trim()});
});

test('Two builds are the same, byte for byte', (t) => {
  t.deepEqual(brkFile(), brkFile());
});

test('It follows the protocol, and its memory is what the tutorial shows', async (t) => {
  const helper = start(t, [String(process.pid)]);
  t.is(await helper.line(), `pid: ${helper.pid}`);
  const before = helper.maps();
  t.deepEqual(firstFive(before), LAYOUT);
  t.false(before.some(({name}) => name === '[heap]'));

  helper.step();
  const brk = Number((await helper.line())?.replace(/^brk: (0x[\da-f]+)$/, '$1'));
  const grown = helper.maps();
  t.deepEqual(firstFive(grown), LAYOUT);
  const range = [brk - 4096, brk].map((address) => address.toString(16).padStart(8, '0')).join('-');
  t.deepEqual(
    grown.filter((line) => !before.some(({range}) => range === line.range)),
    [{range, perms: 'rw-p', offset: '00000000', name: '[heap]'}],
  );
  t.is(helper.counters(range)['Rss'], 0);

  helper.step();
  t.is(await helper.line(), `touched: 0x${(brk - 4096).toString(16)}`);
  t.deepEqual(helper.maps(), grown);
  t.is(helper.counters(range)['Rss'], 4);

  for (const name of ['more', 'less', 'none']) {
    helper.step();
    t.regex((await helper.line()) ?? '', new RegExp(`^${name}: 0x[\\da-f]+000$`));
  }
  t.deepEqual(helper.maps(), before);
  helper.step();
  t.is(await helper.end, 0);
});

test('Between the steps nothing else of its memory changes', async (t) => {
  const helper = start(t, [String(process.pid)]);
  const resident = (): (number | undefined)[] =>
    LAYOUT.map(({range}) => helper.counters(range)).flatMap(({Rss, Anonymous}) => [Rss, Anonymous]);
  await helper.line();
  const atFirst = resident();
  helper.step();
  await helper.line();
  t.deepEqual(resident(), atFirst);
  helper.step();
  await helper.line();
  t.deepEqual(resident(), atFirst);
  // The kernel reads the headers when it starts the program; the program doesn't, so that page is not resident. All
  // three pages of the code are, whatever the kernel maps around a fault.
  t.deepEqual(
    [0, 2, 4, 6, 8].map((i) => atFirst[i]),
    [0, 12, 4, 4, 4],
  );
});

test('It stores 1 in the first byte of the new page, and nothing else', async (t) => {
  const helper = start(t, []);
  await helper.line();
  helper.step();
  await helper.line();
  helper.step();
  const heap = Number((await helper.line())?.replace('touched: ', ''));
  const memory = openSync(`/proc/${helper.pid}/mem`, 'r');
  const page = Buffer.alloc(4096, 0xff);
  readSync(memory, page, 0, page.length, heap);
  closeSync(memory);
  t.deepEqual([...page], [1, ...Array<number>(4095).fill(0)]);
});

for (const steps of [0, 1, 2]) {
  test(`The end of its input after ${steps} steps ends it with 0`, async (t) => {
    const helper = start(t, [String(process.pid)]);
    t.is(await helper.line(), `pid: ${helper.pid}`);
    for (let i = 0; i < steps; i++) {
      helper.step();
      t.regex((await helper.line()) ?? '', /^(brk|touched): 0x[\da-f]+$/);
    }
    helper.close();
    t.is(await helper.end, 0);
  });
}

for (const argument of ['1', '0', 'x', '', ' 1', '-1', '12a', '99999999999999999999']) {
  test(`It ends with 1 and says nothing if its parent is not ${JSON.stringify(argument)}`, async (t) => {
    const helper = start(t, [argument]);
    t.is(await helper.end, 1);
    t.is(await helper.line(), undefined);
  });
}

test('By hand, without an argument, Enter is the step', (t) => {
  const path = save(temporaryFolder(t), 'brk', brkFile());
  const {status, stdout} = spawnSync(path, {input: '\n'.repeat(6), encoding: 'latin1'});
  t.is(status, 0);
  t.regex(stdout, ALL_STEPS);
});

test('Interrupted while it waits, it waits on', async (t) => {
  const helper = start(t, [String(process.pid)]);
  await helper.line();
  process.kill(helper.pid, 'SIGSTOP');
  await inState(helper.pid, 'T');
  process.kill(helper.pid, 'SIGCONT');
  await inState(helper.pid, 'S');
  helper.step();
  t.regex((await helper.line()) ?? '', /^brk: 0x[\da-f]+$/);
});

testIf('prlimit')('Where the kernel refuses the page, it says so and does not crash', (t) => {
  const path = save(temporaryFolder(t), 'brk', brkFile());
  // Its own two data pages are all that the limit allows.
  const {status, stdout} = spawnSync('prlimit', ['--data=8192', path], {input: '\n'.repeat(6), encoding: 'latin1'});
  t.is(status, 0);
  t.regex(stdout, /^pid: \d+\nbrk: 0x([\da-f]+000)\ntouched: 0x0\nmore: 0x\1\nless: 0x\1\nnone: 0x\1\n$/);
});

for (const [what, argument, survives] of [
  ['It dies when the process that started it is killed', 'String(process.pid)', false],
  ['By hand, without an argument, it outlives the process that started it', '', true],
] as const) {
  test(what, async (t) => {
    const path = save(temporaryFolder(t), 'brk', brkFile());
    const script = `
      const {spawn} = require('node:child_process');
      const {writeSync} = require('node:fs');
      const helper = spawn(${JSON.stringify(path)}, [${argument}], {stdio: [0, 'pipe', 'ignore']});
      helper.stdout.once('data', (text) => writeSync(1, text));
      setInterval(() => {}, 1000);`;
    // Its input comes from a third process and doesn't end with its parent: only the kernel can end it.
    const silence = spawn('sleep', ['600'], {stdio: ['ignore', 'pipe', 'ignore']});
    const parent = spawn(process.execPath, ['-e', script], {stdio: [silence.stdout, 'pipe', 'ignore']});
    t.teardown(() => parent.kill('SIGKILL'));
    t.teardown(() => silence.kill());
    const said = await new Promise<string>((resolve) => parent.stdout?.once('data', (data) => resolve(String(data))));
    const pid = Number(said.replace('pid: ', ''));
    t.true(isAlive(pid));

    const ended = once(parent, 'exit');
    parent.kill('SIGKILL');
    if (survives) {
      // A signal of the parent's death is sent before the parent can be reaped, and would have woken it.
      await ended;
      await t.notThrowsAsync(inState(pid, 'S'));
      process.kill(pid, 'SIGKILL');
    } else await t.notThrowsAsync(until(() => !isAlive(pid), 'the end of the helper'));
  });
}

testIf('qemu-x86_64-static')('Under another kernel interface, qemu, it does the same', (t) => {
  const path = save(temporaryFolder(t), 'brk', brkFile());
  const {code, stdout} = run('qemu-x86_64-static', [path], '\n'.repeat(6));
  t.is(code, 0);
  t.regex(stdout, ALL_STEPS);
});

test('The prebuild puts an executable helper and an index beside the built code', (t) => {
  const script = new URL('../../../src/prebuild.js', import.meta.url);
  const {status, stderr} = spawnSync(process.execPath, [fileURLToPath(script)], {cwd: '/', encoding: 'utf8'});
  t.deepEqual({status, stderr}, {status: 0, stderr: ''});

  const folder = new URL('../../../src/helpers/', import.meta.url);
  const helper = new URL('brk.x64', folder);
  t.deepEqual(new Uint8Array(readFileSync(helper)), brkFile());
  t.is(statSync(helper).mode & 0o777, 0o755);
  const sha256 = readFileSync(GOLDEN, 'utf8').trim();
  const index = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as Record<
    string,
    {sha256: string; size: number}
  >;
  t.deepEqual(index['brk.x64'], {sha256, size: 20_481});
  for (const {name} of LESSONS) t.is(index[`${name}.x64`]?.size, 20_481, name);
});

/** Whether a process exists and is no zombie: who is to reap an orphan is not our matter. */
function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}
