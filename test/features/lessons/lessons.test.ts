import {spawn, spawnSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync} from 'node:fs';
import {constants, tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {isLinked} from '../../../src/features/lessons/lesson.ts';
import {LESSONS} from '../../../src/features/lessons/catalogue.ts';
import {copyPackage, MEMMAP, memmap, once, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf, unless, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

interface Document {
  ok: boolean;
  pid: number;
  unsupported?: string;
  steps: Array<{ok: boolean; title: string; changes: Array<{kind: string}>}>;
}

const HELPER = unless(['x64', 'arm64', 'riscv64'].includes(process.arch), `there is no helper for ${process.arch}`);

for (const {name, steps} of LESSONS) {
  testIf(HELPER)(
    `The kernel does what the lesson ${name} predicts, or the lesson says why it can't be shown`,
    async (t) => {
      const {stdout, code, stderr} = await memmap(['demo', name, '--json']);
      t.is(stderr, '');
      const document = JSON.parse(stdout) as Document;
      conforms(t, 'lesson', document);
      if (document.unsupported !== undefined) {
        t.log(`unsupported: ${document.unsupported}`);
        t.deepEqual([document.ok, code], [false, 1]);
        return;
      }
      t.deepEqual(
        document.steps.map((step) => [step.title, step.ok]),
        steps.map(({title}) => [title, true]),
      );
      t.is(code, 0);
      t.false(existsSync(`/proc/${document.pid}`), 'the helper is gone');
    },
  );
}

test('There are at least 14 lessons, each with words for every step', (t) => {
  t.true(LESSONS.length >= 14);
  for (const {name, about, teaches, further, steps} of LESSONS) {
    t.regex(name, /^[a-z]+$/);
    for (const words of [about, [teaches], further, ...steps.map((step) => step.about)])
      t.true(words.join('').length > 5, name);
    t.is(new Set(steps.map((step) => step.name)).size, steps.length, name);
  }
});

const PLACE = mkdtempSync(join(tmpdir(), 'memmap-lessons-'));
test.after.always(() => rmSync(PLACE, {recursive: true}));

/** The folder of all helpers for an architecture, as `--emit` writes them: once for all tests. */
const emitted = once(async (architecture: string): Promise<string> => {
  const place = join(PLACE, architecture);
  mkdirSync(place);
  for (const {name} of LESSONS) {
    const {code, stderr} = await memmap(['demo', name, '--emit', join(place, name), '--arch', architecture]);
    if (code !== 0) throw new Error(stderr);
  }
  return place;
});

for (const [architecture, tool] of [
  ['x64', 'qemu-x86_64-static'],
  ['arm64', 'qemu-aarch64-static'],
  ['riscv64', 'qemu-riscv64-static'],
] as const) {
  testIf(tool)(
    `All helpers for ${architecture} do all their steps under qemu, by hand: Enter is the step`,
    async (t) => {
      const place = await emitted(architecture);
      // One that is linked needs a C library for the machine: malloc.test.ts.
      for (const {name, steps} of LESSONS.filter((lesson) => !isLinked(lesson))) {
        const file = join(place, name);
        const {stdout, code} = await run(tool, [file], {input: '\n'.repeat(steps.length + 1)});
        const said = stdout
          .split('\n')
          .filter((line) => /^\w+: /.test(line))
          .map((line) => line.split(':')[0]);
        t.deepEqual(said, ['pid', ...steps.map((step) => step.name)], name);
        t.is(code, 0, name);
      }
    },
  );

  testIf('eu-elflint', 'readelf')(`Helpers for ${architecture} are valid to eu-elflint and readelf`, async (t) => {
    const place = await emitted(architecture);
    for (const {name, steps} of LESSONS) {
      const file = join(place, name);
      t.is((await run('eu-elflint', ['--strict', file])).stdout, 'No errors\n', name);
      const {stdout, stderr, code} = await run('readelf', ['-aW', file]);
      t.deepEqual([stderr, code], ['', 0], name);
      for (const step of steps) t.regex(stdout, new RegExp(` step_${step.name}$`, 'm'));
    }
  });
}

testIf('script', HELPER)(
  'With --step it waits for Enter before each step, and Ctrl-C ends it and its helper',
  async (t) => {
    const terminal = new TerminalRun(t, ['demo', 'mmap', '--step'], {rows: 60});
    await terminal.shows(/\[Enter\]/);
    const pid = /pid: (\d+)/.exec((await terminal.screen()).join('\n'))![1]!;
    t.true(existsSync(`/proc/${pid}`));
    terminal.type('\n');
    await terminal.shows(/The kernel agreed/);
    t.is(await terminal.end(), 0);
    t.false(existsSync(`/proc/${pid}`));
  },
);

testIf(HELPER)('With --keep the helper waits to be looked at from elsewhere, until a signal ends both', async (t) => {
  const child = spawn(process.execPath, [MEMMAP, 'demo', 'mmap', '--keep'], {stdio: ['ignore', 'pipe', 'inherit']});
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  for await (const data of child.stdout) if (/memmap watch \d+/.test((said += String(data)))) break;
  const pid = /memmap watch (\d+)/.exec(said)![1]!;
  const {stdout} = await memmap(['show', pid]);
  t.regex(stdout, /100000000-100008000 +32 KiB +rw-p/);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  t.is(await ended, 143);
  t.false(existsSync(`/proc/${pid}`));
});

/** The built package in a folder of its own, so that its helpers are known by their path. */
function ownPackage(t: ExecutionContext): string {
  const place = folder(t);
  copyPackage(place);
  symlinkSync(`${process.cwd()}/node_modules`, join(place, 'node_modules'));
  return place;
}

testIf(HELPER)('Where the helper may not be executed in its place, a copy is, and nothing is left of it', async (t) => {
  const place = ownPackage(t);
  for (const helper of readdirSync(join(place, 'dist/helpers'))) chmodSync(join(place, 'dist/helpers', helper), 0o644);
  const temporary = join(place, 'tmp');
  mkdirSync(temporary);
  const env = {TMPDIR: temporary, XDG_RUNTIME_DIR: ''};
  const {code, stdout, stderr} = await run(process.execPath, [join(place, 'bin/run.js'), 'demo', 'mmap'], {env});
  t.is(stderr, '');
  t.is(code, 0);
  t.regex(stdout, /The kernel agreed/);
  t.deepEqual(readdirSync(temporary), []);
});

/** More of it: MEMMAP_KILLS=1000 npx ava build/test/features/lessons/lessons.test.js --match='*killed*' --timeout 15m */
testIf(HELPER)('However memmap is killed, its helper dies with it', async (t) => {
  t.timeout(900_000);
  const place = ownPackage(t);
  for (let index = 0; index < Number(process.env['MEMMAP_KILLS'] ?? 15); index++) {
    const child = spawn(process.execPath, [join(place, 'bin/run.js'), 'demo', 'stack'], {stdio: 'ignore'});
    const ended = new Promise((resolve) => child.once('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 250));
    child.kill('SIGKILL');
    await ended;
  }
  const left = (): string[] =>
    readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && exeOf(pid).startsWith(join(place, 'dist/helpers')));
  await t.notThrowsAsync(until(() => left().length === 0, 'the end of all helpers'));
});

function exeOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

testIf(HELPER, 'gcc')(
  'Where a container refuses perf events, the lesson cause says so, and what would give them',
  async (t) => {
    const refuse = join(PLACE, 'refuse');
    const compiled = spawnSync('gcc', ['-O1', '-o', refuse, 'test/trace/refuse.c']);
    t.is(compiled.status, 0);
    const command = [String(constants.errno.EPERM), process.execPath, MEMMAP, 'demo', 'cause'];
    const {stdout, code} = await run(refuse, command);
    t.is(code, 1);
    t.regex(stdout, /anonymous memory is new: 32 KiB/);
    t.regex(stdout, /This can't be shown here: [^]*seccomp[^]*--cap-add PERFMON/);
    t.notRegex(stdout, /predicted\.$/m);
    const document = JSON.parse((await run(refuse, [...command, '--json'])).stdout) as Document;
    conforms(t, 'lesson', document);
    t.regex(document.unsupported!, /--cap-add PERFMON/);
    t.is(document.steps.length, 1);
  },
);

testIf('gdb', X64)('gdb stops at a step by its name', (t) => {
  const {stdout} = spawnSync(
    'gdb',
    ['-nx', '-batch', '-ex', 'break step_hole', '-ex', 'run', '-ex', 'kill', 'dist/helpers/munmap.x64'],
    {input: '\n\n', encoding: 'latin1'},
  );
  t.regex(stdout, /^Breakpoint 1, 0x\w+ in step_hole \(\)$/m);
});

testIf('objdump')(
  '--listing shows the bytes of the file, the instructions that objdump sees in them, and our words',
  async (t) => {
    const {stdout, code} = await memmap(['demo', 'munmap', '--listing', '--arch', 'x64']);
    t.is(code, 0);
    t.regex(stdout, /<step_hole>:/);
    t.regex(stdout, /; result = munmap\(memory \+ 12288, 0x3000\)$/m);
    const theirs = (await run('objdump', ['-d', '--insn-width=16', 'dist/helpers/munmap.x64'])).stdout;
    const read = (text: string): string[] =>
      Array.from(
        text.matchAll(/^ {2}(?:[ ]*)([\da-f]{6}):?[ \t]+((?:[\da-f]{2} )+)/gm),
        ([, at, bytes]) => `${at} ${bytes!.trim()}`,
      );
    const ours = read(stdout);
    t.true(ours.length > 100);
    t.deepEqual(
      ours,
      read(theirs).filter((line) => ours.includes(line) || !/ (?:00 ?)+$/.test(line)),
    ); // padding between pages is zeros
    const mnemonics = Array.from(
      stdout.matchAll(/^ {2}[\da-f]{6} +(?:[\da-f]{2} )+ *([a-z]\w*)/gm),
      ([, name]) => name!,
    );
    t.true(mnemonics.includes('syscall') && mnemonics.includes('mov') && mnemonics.includes('div'));
    for (const architecture of ['arm64', 'riscv64']) {
      const other = await memmap(['demo', 'munmap', '--listing', '--arch', architecture]);
      t.regex(other.stdout, architecture === 'arm64' ? /^ {2}\w+ +01 00 00 d4 +svc/m : /^ {2}\w+ +73 00 00 00 +ecall/m);
    }
  },
);

testIf(HELPER)('--all is a table of every step of every lesson, and none goes otherwise than predicted', async (t) => {
  const {stdout, code} = await memmap(['demo', '--all']);
  t.is(code, 0);
  const steps = LESSONS.reduce((sum, lesson) => sum + lesson.steps.length, 0);
  t.regex(stdout, new RegExp(`^\\d+ of ${steps} steps as predicted, 0 not, [0-2] not supported here\\.$`, 'm'));
  conforms(t, 'lessons', JSON.parse((await memmap(['demo', '--all', '--json'])).stdout));
});
