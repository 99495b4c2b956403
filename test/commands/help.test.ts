import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {memmap, once, run} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {testIf} from '../helpers/tools.ts';

const COMMANDS = [
  'check',
  'completion',
  'cow',
  'demo',
  'diff',
  'explain',
  'export',
  'growth',
  'heap',
  'metrics',
  'pages',
  'ps',
  'record',
  'replay',
  'report',
  'run',
  'show',
  'snapshot',
  'top',
  'watch',
  'why',
];

/** Wide enough for every example to be one line. */
const help = once((command: string) => memmap([command, '--help'], {env: {COLUMNS: '200'}}));

test('--help of each command has its usage and examples', async (t) => {
  for (const command of COMMANDS) {
    const {stdout, code} = await help(command);
    t.is(code, 0, command);
    t.regex(stdout, new RegExp(`^ {2}\\$ memmap ${command} `, 'm'), command);
    t.regex(stdout, /^EXAMPLES$/m, command);
    t.regex(stdout, /--json/, command);
  }
});

// A shell in which `memmap` is ours. watch and top without a limit would go on for ever: they are interrupted, as a user
// would.
const OURS = `${process.execPath} ${process.cwd()}/bin/run.js`;
const PRELUDE =
  `memmap() { if [ "$1" = watch ] || [ "$1" = top ]; then timeout -s INT 2 ${OURS} "$@" || [ $? = 124 ]; else ` +
  `${OURS} "$@"; fi; }`;

for (const command of COMMANDS) {
  testIf('jq')(`the examples in --help of ${command} work as printed`, async (t) => {
    const place = folder(t);
    const {stdout} = await help(command);
    const examples = stdout
      .slice(stdout.indexOf('\nEXAMPLES'))
      .split('\n')
      .slice(2)
      .map((line) => line.trim().replace(/^\$ /, ''))
      .filter((line) => line !== '');
    t.true(examples.length > 1, command);
    // An example may use a file that an earlier command made; these two names are used throughout.
    await run('sh', ['-c', 'cat /proc/self/maps > before.txt; cat /proc/self/maps > after.txt'], {cwd: place});
    for (const example of examples) {
      const ran = await run('bash', ['-c', `${PRELUDE}\n${example}`], {cwd: place});
      // Of a group with a process of very many regions, whoever tests here, PSS can't be had within --max-stall.
      const isSpared =
        ran.code === 5 && / cgroup:/.test(example) && /held up for too long \(--max-stall\)/.test(ran.stdout);
      // A machine so busy that fewer than 12 samples could be taken.
      const isGrowth = / growth /.test(example) && /not enough data/i.test(ran.stdout);
      const isCheck = / --no-growth /.test(example) && /not measured/.test(ran.stdout);
      const isUnjudged = ran.code === 5 && (isGrowth || isCheck);
      t.true(ran.code === 0 || ran.code === 1 || isSpared || isUnjudged, `${example}\n${ran.code}\n${ran.stderr}`);
    }
  });
}

test('help COMMAND is COMMAND --help, and help alone is --help', async (t) => {
  t.is((await memmap(['help', 'show'])).stdout, (await memmap(['show', '--help'])).stdout);
  t.is((await memmap(['help'])).stdout, (await memmap(['--help'])).stdout);
  const unknown = await memmap(['help', 'shwo']);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /There is no command "shwo"[^]*Did you mean: memmap show/);
});

test('--version says what package.json says', async (t) => {
  const {version} = JSON.parse(readFileSync('package.json', 'utf8')) as {version: string};
  t.regex((await memmap(['--version'])).stdout, new RegExp(`^memmap/${version} linux-`));
});

/** What commands share stands beside them; package.json keeps it from being taken for a command. */
const SHARED = ['base', 'flags', 'not-found', 'prose', 'text', 'usage'];

test('every other file in src/commands is a command that memmap starts', async (t) => {
  const {COMMANDS: started} = await import('../../src/main.ts');
  const files = readdirSync('src/commands')
    .map((file) => file.replace('.ts', ''))
    .filter((name) => !SHARED.includes(name));
  t.deepEqual(Object.keys(started), files.toSorted());
  t.deepEqual(COMMANDS, files.toSorted());
});
