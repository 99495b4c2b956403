import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Session} from '../../src/procfs/sampling/session.ts';
import {Child} from '../helpers/child.ts';
import {MEMMAP} from '../helpers/cli.ts';
import {clean, done, refused, type Row, type Scene} from './scene.ts';

const LISTING = `${process.cwd()}/test/fixtures/maps/python3.txt`;

/** The surroundings: terminal, locale, home, working directory, limits, hostile neighbours. */
export const ENVIRONMENT_ROWS: readonly Row[] = [
  {
    id: '57',
    fault: 'a terminal of one column or none; TERM dumb or unset; COLUMNS=0; NO_COLOR; LANG=C',
    how: 'script(1) with stty cols 1 and 0; each variable with show and diff',
    expected: '0, no exception; plain text where nothing else can be shown',
    needs: ['slow'],
    run: terminals,
  },
  {
    id: '60',
    fault: 'a planted node_modules, package.json, .oclif, NODE_OPTIONS-like variables in the working directory or home',
    how: 'strace of show in a directory that has them, with HOME in it too',
    expected: 'nothing below it is opened',
    needs: ['strace'],
    run: planted,
  },
  {
    id: '61',
    fault: 'the helper may not be executed where it is (noexec)',
    how: 'dist/helpers mounted noexec; then TMPDIR and XDG_RUNTIME_DIR too',
    expected: '0 from the next directory; 4 with what to do where there is none',
    needs: ['root', 'slow'],
    run: noexec,
  },
  {
    id: '62',
    fault: 'the helper is swapped between writing and execution',
    how: 'strace of the same: how and where is the copy made?',
    expected: 'a directory of its own (0700), O_EXCL, 0500, removed once it runs',
    needs: ['root', 'strace', 'slow'],
    run: async (scene) => {
      const log = join(scene.folder(), 'log');
      const script = `H=${process.cwd()}/dist/helpers; mount --bind $H $H; mount -o remount,bind,noexec $H; unset XDG_RUNTIME_DIR; strace -f -o ${log} -e trace=mkdir,openat,execve,rmdir,unlink $MEMMAP demo touch --json >/dev/null; ls -A /tmp | grep -c '^memmap-[A-Za-z0-9]\\{6\\}$'`;
      await scene.inNamespace(script);
      const lines = readFileSync(log, 'utf8');
      assert.match(lines, /mkdir\("\/tmp\/memmap-\w+", 0700\) = 0/);
      assert.match(
        lines,
        /"\/tmp\/memmap-\w+\/helper", O_WRONLY\|O_CREAT\|O_EXCL\|O_TRUNC\|O_CLOEXEC, 0500|"\/tmp\/memmap-\w+\/helper", O_WRONLY\|O_CREAT\|O_EXCL[^,]*, 0500/,
      );
      assert.match(lines, /(rmdir|unlink)\("\/tmp\/memmap-\w+/);
      return 'mkdir 0700, O_EXCL 0500, removed';
    },
  },
  {
    id: '63',
    fault: 'helpers or temporary files left by many demos',
    how: '60 demos, each killed with SIGKILL at a random moment',
    expected: 'none',
    needs: ['slow'],
    run: async (scene) => {
      const folder = scene.folder();
      for (let i = 0; i < 60; i++) {
        const demo = spawn(process.execPath, [MEMMAP, 'demo', 'brk'], {
          stdio: 'ignore',
          env: {...process.env, TMPDIR: folder},
        });
        const ended = new Promise((resolve) => demo.once('exit', resolve));
        setTimeout(() => demo.kill('SIGKILL'), 100 + Math.random() * 300);
        await ended;
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      const left = spawnSync('pgrep', ['-fc', `^${process.cwd()}/dist/helpers/brk`], {encoding: 'utf8'}).stdout.trim();
      assert.deepEqual([left, readdirSync(folder)], ['0', []]);
      return '0 processes, 0 files';
    },
  },
  {
    id: '64',
    fault: 'a long watch leaks',
    how:
      "30,000 samples of a process that does nothing, 3,000 of one that changes: memmap's own descriptors and " +
      'memory',
    expected: 'flat',
    needs: ['python3', 'slow'],
    run: leak,
  },
  {
    id: '68',
    fault: 'too few descriptors, no memory (ulimit -n, -v)',
    how: 'show with ulimit -n 12 … 40, and with ulimit -v',
    expected: '8, or 6 or 7; never a stack trace once memmap runs',
    needs: ['slow'],
    run: limits,
  },
  {
    id: '69',
    fault: 'a saved file reveals addresses (ASLR) to others',
    how: 'snapshot -o, run -o, demo --emit with umask 0: the modes',
    expected: 'for the owner only',
    run: async (scene) => {
      const folder = scene.folder();
      await scene.bash(
        'umask 0; cd "$1"; $MEMMAP snapshot $$ -o a; $MEMMAP run -o b -- true; $MEMMAP demo brk --emit c',
        [folder],
      );
      const modes = ['a', 'b', 'c'].map((file) => (statSync(join(folder, file)).mode & 0o777).toString(8));
      assert.deepEqual(modes, ['600', '600', '700']);
      return `${modes.join(', ')}; leaving addresses out (--redact) is still to come`;
    },
  },
  {
    id: 'A7',
    fault: 'the working directory was removed; HOME is missing or is a file',
    how: 'show, snapshot -o x in a removed directory; HOME unset, /nonexistent, /dev/null',
    expected: '0, and 7 for the file',
    run: async (scene) => {
      const ran = await scene.bash(
        'mkdir "$1/x"; cd "$1/x"; rmdir "$1/x"; $MEMMAP show "$2" >/dev/null; echo $?; $MEMMAP snapshot "$2" -o x; ' +
          'echo $?',
        [scene.folder(), LISTING],
      );
      clean(ran.stderr);
      assert.equal(ran.stdout, '0\n7\n', ran.stderr);
      for (const home of ['/nonexistent', '/dev/null', ''])
        done(await scene.memmap(['show', LISTING], {env: {HOME: home}}));
      done(await scene.bash('unset HOME; exec $MEMMAP show "$1"', [LISTING]));
      return '0, and 7';
    },
  },
  {
    id: 'A10',
    fault: 'a uid without an entry in passwd, without HOME, as in containers',
    how:
      'env -i setpriv --reuid=12345: --help, show --help, no arguments, show, demo touch --json, an unknown word, ' +
      'run',
    expected: '0, or 2 for the unknown word; no stack trace',
    needs: ['root'],
    run: async (scene) => {
      const calls = ['--help', 'show --help', '', `show ${LISTING}`, 'demo touch --json', 'nonsense', 'run -- true'];
      const codes: Array<number | null> = [];
      for (const call of calls) {
        const ran = await scene.bash(
          `exec env -i PATH="$PATH" setpriv --reuid=12345 --regid=12345 --clear-groups $MEMMAP ${call}`,
        );
        clean(ran.stderr);
        codes.push(ran.code);
      }
      assert.deepEqual(codes, [0, 0, 0, 0, 0, 2, 0]);
      return codes.join(', ');
    },
  },
  {
    id: 'A8',
    fault: 'stdin, stderr closed',
    how: 'show <&-; show - <&-; an error with 2>&-; show 2>/dev/full of a listing with a note',
    expected: 'the same codes as with them',
    run: async (scene) => {
      const codes: Array<number | null> = [];
      for (const call of [
        'show "$1" <&-',
        'show - <&-',
        'show 999999999 2>&-',
        'show 999999999 2>/dev/full',
        'show "$1" 2>&-',
      ]) {
        const ran = await scene.bash(`$MEMMAP ${call}`, [LISTING]);
        clean(ran.stderr);
        codes.push(ran.code);
      }
      assert.deepEqual(codes, [0, 6, 3, 3, 0]);
      return codes.join(', ');
    },
  },
];

async function terminals(scene: Scene): Promise<string> {
  for (const columns of [0, 1, 2, 7, 20]) {
    const ran = await scene.bash(
      `script -qec "stty cols ${columns}; $MEMMAP show ${LISTING}; echo code=\\$?" /dev/null`,
      [],
      {env: {SHELL: '/bin/sh'}},
    );
    assert.match(ran.stdout, /code=0/, `${columns} columns`);
    assert.doesNotMatch(ran.stdout, /^\s+at /m);
  }
  for (const env of [
    {TERM: 'dumb'},
    {TERM: ''},
    {COLUMNS: '0'},
    {NO_COLOR: '1'},
    {LANG: 'C', LC_ALL: 'C'},
    {LC_ALL: 'xx_YY.nonsense'},
    {TZ: 'Nowhere/Land'},
  ]) {
    assert.doesNotMatch(done(await scene.memmap(['show', LISTING], {env})), /\x1b/);
    assert.equal((await scene.memmap(['diff', LISTING, LISTING], {env})).code, 0);
  }
  const dumb = await scene.bash(`script -qec "TERM=dumb $MEMMAP watch $$ --count 1 --interval 10ms" /dev/null`, [], {
    env: {SHELL: '/bin/sh'},
  });
  assert.doesNotMatch(dumb.stdout, /\x1b/);
  return '5 widths, 7 environments; a watch on a dumb terminal has no escape sequence';
}

async function planted(scene: Scene): Promise<string> {
  const place = scene.folder();
  for (const folder of [
    'node_modules/chalk',
    'node_modules/@oclif/core',
    '.config/memmap',
    '.local/share/memmap',
    '.cache/memmap',
  ])
    mkdirSync(join(place, folder), {recursive: true});
  for (const file of [
    'package.json',
    '.memmaprc',
    '.memmap.json',
    '.oclifrc.json',
    'oclif.manifest.json',
    '.npmrc',
    '.env',
    'node_modules/chalk/index.js',
    '.local/share/memmap/package.json',
  ])
    writeFileSync(join(place, file), 'throw new Error("planted")');
  const log = join(scene.folder(), 'log');
  const env = {
    HOME: place,
    XDG_CONFIG_HOME: join(place, '.config'),
    XDG_DATA_HOME: join(place, '.local/share'),
    MEMMAP_X: '1',
  };
  const calls = ['show "$1"', 'diff "$1" "$1"', 'demo brk --json', '--help', 'nonsense'];
  for (const call of calls) {
    await scene.bash(`strace -f -e trace=open,openat,openat2 -o "$2" $MEMMAP ${call}`, [LISTING, log], {
      cwd: place,
      env,
    });
    const opened = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => (line.includes(place) || /AT_FDCWD, "(?!\/)[^"]/.test(line)) && !line.includes('ENOENT'));
    assert.deepEqual(opened, [], call);
  }
  return `${calls.length} commands open none of it`;
}

async function noexec(scene: Scene): Promise<string> {
  const seal = (folder: string): string => `mount --bind ${folder} ${folder}; mount -o remount,bind,noexec ${folder}; `;
  const [a, b, home] = [scene.folder(), scene.folder(), scene.folder()];
  mkdirSync(join(home, '.cache'));
  const start = `${seal(`${process.cwd()}/dist/helpers`)}export XDG_RUNTIME_DIR=${a} TMPDIR=${b} HOME=${home}; `;
  for (const sealed of ['', seal(a), seal(a) + seal(b)]) {
    const {code, stderr} = await scene.inNamespace(`${start}${sealed}$MEMMAP demo touch --json`);
    assert.equal(code, 0, stderr);
  }
  const none = await scene.inNamespace(`${start}${seal(a)}${seal(b)}${seal(home)}$MEMMAP demo touch --json`);
  refused(none, 4, /EACCES[^]*noexec/);
  assert.deepEqual(
    [a, b, join(home, '.cache')].flatMap((folder) => readdirSync(folder)),
    [],
  );
  return '0 three times, then 4; no copy is left';
}

async function leak(scene: Scene): Promise<string> {
  const child = await scene.python(
    'print("ready", flush=True)\nwhile True: m = mmap.mmap(-1, 1 << 20); time.sleep(0.001); m.close(); ' +
      'time.sleep(0.001)',
  );
  const still = new Child(scene.test, 'cat', []);
  await still.ask('ready');
  const fds = (): number => readdirSync('/proc/self/fd').length;
  const before = fds();
  const sessions = [new Session(still.pid), new Session(child.pid)] as const;
  const held = fds();
  const slope: number[] = [];
  for (const [session, looks] of [
    [sessions[0], 30_000],
    [sessions[1], 3000],
  ] as const) {
    for (let i = 0; i < looks; i++) {
      session.look();
      if (i === Math.floor(looks / 3)) slope.push(process.memoryUsage().rss);
    }
    slope.push(process.memoryUsage().rss);
  }
  assert.equal(fds(), held);
  sessions.forEach((session) => session.close());
  assert.equal(fds(), before);
  const grown = Math.max(slope[1]! - slope[0]!, slope[3]! - slope[2]!) / 2 ** 20;
  assert.ok(grown < 60, `${grown} MiB`);
  return (
    'descriptors the same, and all given back; memory ' +
    (grown < 1 ? 'the same' : `+${Math.round(grown)} MiB before a collection`)
  );
}

async function limits(scene: Scene): Promise<string> {
  const codes = new Map<string, number[]>();
  for (let n = 12; n <= 40; n++) {
    const ran = await scene.bash(`ulimit -n ${n}; exec $MEMMAP show $$ --json`);
    const isNodes =
      ran.signal !== null ||
      ran.code === 134 ||
      /^node:|Assertion|#\s*FATAL|uv_|Error: EMFILE[^]*node:internal|Code: EMFILE/m.test(ran.stderr);
    const key = isNodes ? 'Node, or its loading of modules, ends before memmap begins' : String(ran.code);
    if (!isNodes) {
      clean(ran.stderr);
      assert.ok([0, 6, 7, 8].includes(ran.code!), `ulimit -n ${n}: ${ran.code}: ${ran.stderr}`);
    }
    codes.set(key, [...(codes.get(key) ?? []), n]);
  }
  return [...codes]
    .map(([code, ns]) => `${code}: ulimit -n ${ns[0]}${ns.length > 1 ? `–${ns.at(-1)}` : ''}`)
    .join('; ');
}
