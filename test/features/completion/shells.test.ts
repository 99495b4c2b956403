import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Child} from '../../helpers/child.ts';
import {memmap, once, run} from '../../helpers/cli.ts';
import {flagsOf} from '../../helpers/help.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';

const help = once((command: string) => memmap([command, '--help'], {env: {COLUMNS: '200'}}));
const script = once(async (shell: string) => (await memmap(['completion', shell])).stdout);

/** What a shell proposes for a command line whose last word is being typed. */
type Complete = (t: ExecutionContext, ...words: string[]) => Promise<readonly string[]>;

/** As readline does: it splits words at = too, and calls the function. */
const bash: Complete = async (t, ...words) => {
  const place = folder(t);
  writeFileSync(join(place, 'memmap.bash'), await script('bash'));
  const ask =
    'source ./memmap.bash; COMP_WORDS=(memmap "$@") COMP_CWORD=$# COMP_TYPE=9; _memmap; ' +
    'printf "%s\\n" "${COMPREPLY[@]}"';
  const {stdout, stderr} = await run('bash', ['--norc', '-c', ask, 'bash', ...words], {cwd: place});
  t.is(stderr, '');
  return [...new Set(stdout.split('\n').filter((line) => line !== ''))]; // A list has each only once.
};

/** As fish itself: `complete -C`, whose lines are a word, a tab and what it is. */
const fish: Complete = async (t, ...words) => {
  const place = folder(t);
  writeFileSync(join(place, 'memmap.fish'), await script('fish'));
  const ask = 'source memmap.fish; complete -C "$argv"';
  const {stdout, stderr} = await run('fish', ['-N', '-c', ask, 'memmap', ...words], {cwd: place});
  t.is(stderr, '');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0]!);
};

const SHELLS = {bash, fish} as const;

/** Each row: the words of a command line, and what is proposed for the last one. */
const PROPOSED: ReadonlyArray<readonly [words: readonly string[], proposed: readonly string[]]> = [
  [['sn'], ['snapshot']],
  [['help', 'sh'], ['show']],
  [['show', '--so'], ['--sort']],
  [['show', '--sort', 'lo'], ['locked']],
  [['show', '--columns', 'rss,lo'], ['rss,locked']],
  [['show', '--kind', 'vs'], ['vsyscall']],
  [['diff', '--match', 'l'], ['layout']],
  [
    ['check', '--max', 'thr'],
    ['thread-stack=', 'threads='],
  ],
  [['check', '--no', 'rw'], ['rwx']],
  [['check', '--no-growth', 'arena'], ['arena']],
  [
    ['check', '--format', 'j'],
    ['json', 'junit'],
  ],
  [['growth', '--measure', 'private'], ['privateDirty']],
  [['export', '--format', 'c'], ['csv']],
  [['replay', '--from', 'f'], ['first']],
  [['demo', 'mp'], ['mprotect']],
  [['demo', '--arch', 'r'], ['riscv64']],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
  [['explain', '--max-stall', '5ms', 'Private_D'], ['Private_Dirty']],
  [['snapshot', '-o', '/etc/hostn'], ['/etc/hostname']],
  [['report', '/etc/hostn'], ['/etc/hostname']],
  [['run', '--', 'cat', '/etc/hostn'], ['/etc/hostname']],
  [['run', '--', 'sha1su'], ['sha1sum']],
  [['run', '--record', 'x', '--', 'sha1su'], ['sha1sum']],
  [['snapshot', '--no-such', '--', '--', '--so'], []],
];

for (const [shell, complete] of Object.entries(SHELLS) as Array<[keyof typeof SHELLS, Complete]>) {
  testIf(shell)(`${shell} proposes commands, flags, the values of flags, lessons, words and files`, async (t) => {
    for (const [words, proposed] of PROPOSED) {
      t.deepEqual((await complete(t, ...words)).toSorted(), proposed, `${shell}: memmap ${words.join(' ')}`);
    }
  });

  testIf(shell)(`${shell} proposes every flag that --help names, of every command`, async (t) => {
    const {commands} = JSON.parse(readFileSync('oclif.manifest.json', 'utf8')) as {commands: object};
    for (const command of Object.keys(commands)) {
      const {stdout} = await help(command);
      const flags = flagsOf(stdout).flatMap((flag) => {
        const plain = flag.replace('[no-]', '');
        return plain === flag ? [flag] : [plain, flag.replace('[no-]', 'no-')];
      });
      t.true(flags.length > 1, command);
      const proposed = new Set(await complete(t, command, '--'));
      t.deepEqual(
        flags.filter((flag) => !proposed.has(flag)),
        [],
        `${shell}: memmap ${command}`,
      );
    }
  });

  testIf(shell)(`${shell} proposes running processes by PID and name, and the regions of one`, async (t) => {
    const name = `mm-${process.pid}-${shell}`;
    const child = new Child(t, 'bash', ['-c', `printf ${name} > /proc/self/comm; echo ready; read`]);
    await child.line();
    // A name is bytes of any kind, which grep(1) calls binary: others are proposed all the same, without a word.
    const odd = new Child(t, 'bash', ['-c', `printf 'mm\\377${shell}' > /proc/self/comm; echo ready; read`]);
    await odd.line();
    t.deepEqual((await complete(t, 'watch', String(child.pid))).slice(0, 1), [String(child.pid)]);
    t.deepEqual(await complete(t, 'show', name.slice(0, -1)), [name]);
    t.deepEqual(await complete(t, 'pages', String(child.pid), 'libc.'), ['libc.so.6']);
    t.deepEqual(
      (await complete(t, 'show', '2')).filter((text) => text === '2'),
      [],
      'a kernel thread has no memory',
    );
  });
}

testIf('bash')('bash completes what follows = and a quoted name', async (t) => {
  t.deepEqual(await bash(t, 'show', '--sort', '=', 'lo'), ['locked']);
  t.deepEqual(await bash(t, 'check', '--max', 'heap', '=', '64M', '--no', 'rw'), ['rwx']);
  t.deepEqual(await bash(t, 'explain', '[hea'), ['\\[heap\\]']);
});

/** Types a line and Tab into a real shell on a terminal, and waits for the line that should come. */
async function tab(t: ExecutionContext, shell: string, start: string, rows: ReadonlyArray<readonly [string, RegExp]>) {
  const place = folder(t);
  writeFileSync(join(place, 'script'), await script(shell.split(' ')[0]!));
  const terminal = new TerminalRun(t, shell, {rows: 50, env: {HOME: place, TERM: 'xterm', PS1: '> ', DIR: place}});
  terminal.type(`PS1='> '; ${start}; echo is-re''ady\r`);
  await terminal.shows(/^is-ready/);
  for (const [line, shown] of rows) {
    terminal.type(`${line}\t`);
    await terminal.shows(shown);
    terminal.type('\x15'); // Ctrl-U: an empty line again
  }
  terminal.type('exit\r');
  t.is(await terminal.end(), 0);
}

testIf('bash', 'script')('Tab in bash completes a line', (t) =>
  tab(t, 'bash --norc -i', 'source $DIR/script', [
    ['memmap snap', /^> memmap snapshot $/],
    ['memmap show --sort=lo', /^> memmap show --sort=locked $/],

    ['memmap demo mprot', /^> memmap demo mprotect/],
  ]),
);

testIf('zsh', 'script')('Tab in zsh completes commands, flags, values, words, files and commands of others', (t) =>
  tab(t, 'zsh -f -i', 'autoload -Uz compinit; compinit -u -D; source $DIR/script', [
    ['memmap snap', /^> memmap snapshot/],
    ['memmap show --colu', /^> memmap show --columns=/],
    ['memmap show --sort=lo', /^> memmap show --sort=locked/],
    ['memmap show --columns rss,lo', /^> memmap show --columns rss,locked/],
    ['memmap check --max thread-', /^> memmap check --max thread-stack=/],
    ['memmap check --no rw', /^> memmap check --no rwx/],
    ['memmap demo mprot', /^> memmap demo mprotect/],
    ['memmap help sho', /^> memmap help show/],
    ['memmap explain Private_D', /^> memmap explain Private_Dirty/],
    [`memmap pages ${process.pid} libc.`, /^> memmap pages \d+ libc.so.6/],
    ['memmap report /etc/hostn', /^> memmap report \/etc\/hostname/],
    ['memmap run -- cat /etc/hostn', /^> memmap run -- cat \/etc\/hostname/],
    ['memmap run -- sha1su', /^> memmap run -- sha1sum/],
  ]),
);

testIf('zsh', 'script')('zsh shows PIDs with the names of their processes', async (t) => {
  const child = new Child(t, 'bash', ['-c', 'printf mm-zsh > /proc/self/comm; echo ready; read']);
  await child.line();
  await tab(t, 'zsh -f -i', 'autoload -Uz compinit; compinit -u -D; source $DIR/script; setopt auto_list', [
    [`memmap watch mm-zs`, /^> memmap watch mm-zsh/],
    [
      `memmap watch ${String(child.pid).slice(0, -1)}\t`,
      new RegExp(`${child.pid}.*-- mm-zsh|^> memmap watch ${child.pid} `),
    ],
  ]);
});

test('a script is also in a document, and no shell but these three has one', async (t) => {
  const {stdout} = await memmap(['completion', 'fish', '--json']);
  const document = JSON.parse(stdout) as {script: string};
  conforms(t, 'completion', document);
  t.is(document.script, await script('fish'));
  t.is((await memmap(['completion', 'tcsh'])).code, 2);
});
