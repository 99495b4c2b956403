import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {PACKAGES} from './helpers/programs.ts';

/** Who installs it on a new machine: what .ci/run installs. */
const installed = /^packages=\(([^)]*)\)/m.exec(readFileSync('.ci/run', 'utf8'))![1]!.split(/\s+/);

/** Programs that tests start without asking for them, since each Debian has them; and by which package. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  cat: 'coreutils',
  chmod: 'coreutils',
  env: 'coreutils',
  id: 'coreutils',
  ls: 'coreutils',
  mkfifo: 'coreutils',
  mount: 'mount',
  pkill: 'procps',
  rm: 'coreutils',
  sh: 'dash',
  sleep: 'coreutils',
  stty: 'coreutils',
  tail: 'coreutils',
  true: 'coreutils',
  umount: 'mount',
};

/** dash is Debian's own shell: nothing can be installed without it. */
const ALWAYS = ['dash'];

test('each program that a test may ask for is installed in CI, and nothing else but libraries', (t) => {
  const needed = new Set([...Object.values(PACKAGES), ...Object.values(EVERYWHERE)]);
  t.deepEqual(
    [...needed].filter((name) => !installed.includes(name) && !ALWAYS.includes(name)),
    [],
  );
  const libraries = [
    'libc6-dev',
    'libc6-dev-arm64-cross',
    'libc6-dev-riscv64-cross',
    'postgresql',
    'python3-prometheus-client',
  ];
  t.deepEqual(
    installed.filter((name) => !needed.has(name as never) && !libraries.includes(name)),
    [],
  );
});

test('each program that a test starts by its name has its package here', (t) => {
  const start = /\b(?:spawn|spawnSync|execFile|execFileSync|run|start|Child)\((?:t, |scene\.test, )?'([a-z][\w.+-]*)'/g;
  // A trial is run by hand, and what it needs is installed by hand: docs/trials.md says what.
  const sources = readdirSync('test', {recursive: true, encoding: 'utf8'}).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('trials/'),
  );
  const started = new Set(
    sources.flatMap((name) =>
      Array.from(readFileSync(`test/${name}`, 'utf8').matchAll(start), ([, program]) => program!),
    ),
  );
  t.true(started.size > 30);
  t.deepEqual(
    [...started].filter((program) => !(program in PACKAGES) && !(program in EVERYWHERE)),
    [],
  );
});
