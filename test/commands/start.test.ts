import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {COMMANDS} from '../../src/main.ts';
import {waitingNode} from '../helpers/child.ts';
import {MEMMAP, memmap, run} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {TerminalRun} from '../helpers/terminal.ts';
import {testIf} from '../helpers/tools.ts';

const IDS = Object.keys(COMMANDS);
const LISTING = 'test/fixtures/maps/python3.txt';
const MARK = '\u{1}';

interface Argument {
  readonly name: string;
  readonly required?: boolean;
  readonly multiple?: boolean;
}

const MANIFEST = JSON.parse(readFileSync('oclif.manifest.json', 'utf8')) as {
  readonly commands: Readonly<
    Record<string, {readonly usage?: string; readonly args: Readonly<Record<string, Argument>>}>
  >;
};

/** oclif on its own, with nothing of memmap but its commands: what it prints for each command line. */
async function ofOclif(calls: readonly string[][], env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = `import {run} from '@oclif/core';
    for (const call of ${JSON.stringify(calls)}) { await run(call, process.cwd()); process.stdout.write('${MARK}'); }`;
  const ran = await run(process.execPath, ['--input-type=module', '-e', script], {env});
  return ran.stdout
    .split(MARK)
    .slice(0, -1)
    .map((help, at) => asOurs(help, calls[at]![0]!));
}

/** memmap lists first what answers first: `why`. All else is in oclif's order. */
function withFirst(help: string): string {
  const [heading] = /^.*COMMANDS.*\n/m.exec(help) ?? [];
  const [entry] = /^ {2}\S*why\b.*\n(?: {10,}.*\n)*/m.exec(help) ?? [];
  return heading && entry ? help.replace(entry, '').replace(heading, `${heading}${entry}`) : help;
}

/** What memmap says below the list of its commands. */
const FOOT = 'memmap COMMAND --help: its flags and examples\nman memmap: exit codes, environment, files\n';

/**
 * A short usage, no summary at the start of a description, as it is printed above, and a prompt before each example. All
 * else is oclif's.
 */
function asOurs(help: string, id: string): string {
  if (id === '--help') return `${withFirst(help)}${FOOT}`;
  const {usage, args} = MANIFEST.commands[id]!;
  const words = Object.values(args).map(({name, required, multiple}) => {
    const word = `${name.toUpperCase()}${multiple ? '...' : ''}`;
    return required ? word : `[${word}]`;
  });
  return help
    .replace(/(USAGE\S*\n)[^]*?\n\n/, usage ? '$&' : `$1  $ ${['memmap', id, '[FLAGS]', ...words].join(' ')}\n\n`)
    .replace(/(DESCRIPTION\S*\n)[^]*?\n\n/, '$1')
    .replace(/(EXAMPLES\S*\n)([^]*)$/, (_, heading: string, examples: string) => {
      const lines = examples.split('\n').filter((line) => line.trim() !== '');
      return `${heading}${lines.map((line) => line.replace(/^ +(?:\$ )?/, '  $ ')).join('\n')}\n\n`;
    });
}

const CALLS = [['--help'], ...IDS.map((id) => [id, '--help'])];

test('the help that the build made is what oclif prints for 80 columns', async (t) => {
  // oclif sets descriptions in by six columns, and leaves room for four.
  const expected = await ofOclif(CALLS, {OCLIF_COLUMNS: '78'});
  t.is(expected.length, CALLS.length);
  for (const [at, call] of CALLS.entries()) t.is((await memmap(call)).stdout, expected[at]!, call.join(' '));
  t.is((await memmap([])).stdout, expected[0]!);
  t.is((await memmap(['-h'])).stdout, expected[0]!);
  t.is((await memmap(['--help', 'show'])).stdout, (await memmap(['show', '-h'])).stdout);
});

test('nothing in it is of the machine that built it', (t) => {
  for (const form of ['plain', 'bold'])
    t.false(readFileSync(`bundle/help-${form}.json`, 'utf8').includes(process.version), form);
});

testIf('script')('and on a terminal too, at its width, and bold', async (t) => {
  const calls = [['--help'], ['show', '--help']];
  for (const columns of [80, 120]) {
    const expected = await ofOclif(calls, {OCLIF_COLUMNS: String(columns - 2), FORCE_COLOR: '1'});
    for (const [at, call] of calls.entries()) {
      const shown = new TerminalRun(t, call, {columns, env: {CI: undefined}});
      t.is(await shown.end(), 0);
      t.true(shown.raw.replaceAll('\r', '').includes(expected[at]!), `${columns}: ${call.join(' ')}`);
      t.regex(expected[at]!, /\x1b\[1m/);
    }
  }
});

test('another width, and colour that is asked for, are left to oclif', async (t) => {
  const [wide] = await ofOclif([['show', '--help']], {OCLIF_COLUMNS: '118'});
  t.is((await memmap(['show', '--help'], {env: {OCLIF_COLUMNS: '118'}})).stdout, wide!);
  t.regex((await memmap(['show', '--help'], {env: {FORCE_COLOR: '1'}})).stdout, /\x1b\[1mUSAGE/);
});

test('a text that can not be written ends with 7, whatever text it is', async (t) => {
  for (const words of ['--version', '--help', 'show --help', 'show --help --all', `show ${LISTING}`]) {
    const {code, stderr} = await run('sh', ['-c', `${process.execPath} ${MEMMAP} ${words} > /dev/full`]);
    t.is(code, 7, `${words}: ${stderr}`);
    t.regex(stderr, /no space is left on the device \(ENOSPC\)/);
  }
});

testIf('python3')('a pipe that does not block, and is full, gets every byte', async (t) => {
  const words = JSON.stringify([process.execPath, MEMMAP, 'show', '--json', join(folder(t), 'many')]);
  const script = `
import json, os, subprocess, sys, time
words = json.loads(sys.argv[1])
with open(words[-1], 'w') as many:
    for i in range(3000): many.write('%x-%x rw-p 00000000 00:00 0 \\n' % (0x10000000 + i * 8192, 0x10001000 + i * 8192))
whole = subprocess.run(words, stdout=subprocess.PIPE).stdout
r, w = os.pipe()
os.set_blocking(w, False)
child = subprocess.Popen(words, stdout=w, stderr=w)
os.close(w)
time.sleep(0.5)
got = b''
while part := os.read(r, 4096): got += part
print(child.wait(), len(got) > 300000, got == whole)`;
  const ran = await run('python3', ['-c', script, words], {cwd: process.cwd()});
  t.is(ran.stdout, '0 True True\n', ran.stderr);
});

test('a small show and a small diff load no streams, no compression and no performance hooks', async (t) => {
  const file = join(folder(t), 'loaded.cjs');
  const loaded = join(folder(t), 'loaded.json');
  const list = 'JSON.stringify(process.moduleLoadList)';
  const pid = String((await waitingNode(t)).pid);
  writeFileSync(file, `process.on('exit', () => require('fs').writeFileSync('${loaded}', ${list}));`);
  for (const words of [
    ['show', LISTING],
    ['show', pid],
    ['diff', LISTING, LISTING],
  ]) {
    const ran = await run(process.execPath, ['-r', file, MEMMAP, ...words]);
    t.is(ran.code, 0, ran.stderr);
    const modules = (JSON.parse(readFileSync(loaded, 'utf8')) as string[]).filter((each) =>
      /^NativeModule (stream|net|tty|zlib|perf_hooks|readline|child_process|os)$/.test(each),
    );
    t.deepEqual(modules, [], words.join(' '));
  }
});

test('what few runs need is read by these alone', async (t) => {
  const place = folder(t);
  const pid = String((await waitingNode(t)).pid);
  const [file, read] = [join(place, 'read.cjs'), join(place, 'read.json')];
  const record = `const fs = require('fs'); const {openSync} = fs; const names = [];
    fs.openSync = (...words) => { names.push(String(words[0])); return openSync(...words); };
    process.on('exit', () => fs.writeFileSync('${read}', JSON.stringify(names)));`;
  writeFileSync(file, record);
  const snapshot = join(place, 'snapshot.json');
  await memmap(['snapshot', pid, '-o', snapshot]);
  for (const [words, code, bundles] of [
    [['show', LISTING], 0, ['commands/show']],
    [['show', pid], 0, ['commands/show']],
    [['show', pid, '--json'], 0, ['commands/show']],
    [['diff', LISTING, LISTING], 0, ['commands/diff']],
    [['diff', LISTING, pid], 1, ['commands/diff']],
    [['ps', pid], 0, ['commands/ps']],
    [['watch', pid, '--count', '1'], 0, ['commands/watch']],
    [['explain', pid], 0, ['commands/explain']],
    // Errors, another format, a picture: both bundles know one Trouble, one table of kinds, one width.
    [['show', 'no such process'], 3, ['commands/show', 'rare/show']],
    [['show', snapshot], 0, ['commands/show', 'rare/show']],
    [['show', LISTING, '--map'], 0, ['commands/show', 'rare/show']],
    [['diff', snapshot, LISTING], 1, ['commands/diff', 'rare/diff']],
  ] as const) {
    const ran = await run(process.execPath, ['-r', file, MEMMAP, ...words]);
    t.is(ran.code, code, `${words.join(' ')}: ${ran.stderr}`);
    const names = (JSON.parse(readFileSync(read, 'utf8')) as string[]).map(
      (name) => /bundle\/(.*)\.cjs$/.exec(name)?.[1],
    );
    t.deepEqual(
      names.filter((name) => name !== undefined),
      [...bundles],
      words.join(' '),
    );
  }
});
