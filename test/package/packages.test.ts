import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {waitingShell} from '../helpers/child.ts';
import {once, run} from '../helpers/cli.ts';
import {folder, TUTORIAL} from '../helpers/listings.ts';
import {testIf} from '../helpers/tools.ts';

const {version} = JSON.parse(readFileSync('package.json', 'utf8')) as {version: string};

/** What a user of an installed memmap does, each with what is said; all of it needs a file that must be in the package.
 *
 * @param pid of a process that doesn't change
 */
const usesOf = (pid: number): ReadonlyArray<readonly [words: readonly string[], says: RegExp]> => [
  [['--version'], /^memmap\/\d/],
  [['--help'], /^COMMANDS$/m],
  [['help', 'show'], /^EXAMPLES$/m],
  [['show', String(pid)], /^total /m],
  [['demo', 'brk'], /The kernel agreed with all 5 predictions/],
  [['explain', 'Pss'], /^Pss: a counter/],
  [['completion', 'bash'], /complete -F _memmap memmap/],
  [['run', '--', 'sleep', '0.3'], /^/],
];

/** Packs it into a folder. @returns the tarball, and the files in it */
const pack = once(async (place: string) => {
  const {stdout} = await run('sh', ['-c', `npm pack --ignore-scripts --json --pack-destination ${place}`]);
  const [packed] = JSON.parse(stdout) as Array<{filename: string; files: Array<{path: string}>}>;
  return {tarball: join(place, packed!.filename), files: packed!.files.map(({path}) => path)};
});

test('the package of npm works where nothing else is, and its library too', async (t) => {
  const place = folder(t);
  const {tarball, files} = await pack(place);
  t.true(files.length < 280, `${files.length} files`);
  t.deepEqual(
    files.filter(
      (file) => !/^(bin|bundle|dist|docs|glossary|man|schema|share)\/|^[A-Z]+(\.md)?$|^[a-z.]+\.json$/.test(file),
    ),
    [],
  );
  // Code is in bundle/ alone.
  t.deepEqual(
    files.filter((file) => /^dist\/.*\.js$|cache-|dev\.js|\.tsx?$/.test(file) && !file.endsWith('.d.ts')),
    [],
  );
  for (const cited of [
    'docs/growth.md',
    'docs/kinds.md',
    'man/memmap-show.1',
    'share/systemd/memmap-metrics.timer',
    'share/prometheus/memmap.rules.yml',
    'bundle/LICENCES.txt',
    'LICENSE',
    'CHANGELOG.md',
  ])
    t.true(files.includes(cited), cited);

  execFileSync('sh', [
    '-c',
    `cd ${place} && mkdir node_modules && tar -xzf ${tarball} && mv package node_modules/memmap`,
  ]);
  for (const [words, says] of usesOf((await waitingShell(t)).pid)) {
    const ran = await run(process.execPath, [join(place, 'node_modules/memmap/bin/run.js'), ...words], {cwd: place});
    t.is(ran.code, 0, `${words.join(' ')}: ${ran.stderr}`);
    t.regex(ran.stdout, says);
  }
  const script = `import {diff, parse} from 'memmap'; const [a, b] = ${JSON.stringify(TUTORIAL.slice(0, 2))};
    console.log(diff(parse(a), parse(b)).changes.length)`;
  const library = await run(process.execPath, ['--input-type=module', '-e', script], {cwd: place});
  t.is(library.stdout, '4\n', library.stderr);
  t.deepEqual(await missingTypes(join(place, 'node_modules/memmap/bundle/types/index.d.ts')), []);
});

/** Declarations that are named, and aren't there. */
async function missingTypes(file: string, seen = new Set<string>()): Promise<string[]> {
  if (seen.has(file)) return [];
  seen.add(file);
  if (!existsSync(file)) return [file];
  const named = readFileSync(file, 'utf8').matchAll(/['"](\.[^'"]+)\.ts['"]/g);
  const lacks = await Promise.all(
    Array.from(named, ([, name]) => missingTypes(join(file, '..', `${name}.d.ts`), seen)),
  );
  return lacks.flat();
}

testIf('dpkg-deb')('the package of Debian is built without root, belongs to root, and works', async (t) => {
  const place = folder(t);
  const built = await run(process.execPath, ['scripts/deb.js', place], {env: {SOURCE_DATE_EPOCH: '1700000000'}});
  t.is(built.code, 0, built.stderr);
  const deb = join(place, `memmap_${version}_all.deb`);
  const fields = (await run('dpkg-deb', ['-f', deb])).stdout;
  t.regex(fields, /^Depends: nodejs \(>= 20\.19\)$/m);
  t.regex(fields, /^Architecture: all$/m);

  const list = (await run('dpkg-deb', ['-c', deb])).stdout.trim().split('\n');
  const row = /^([d-]rw[x-]r-[x-]r-[x-]|lrwxrwxrwx) root\/root +\d+ 2023-11-14 \S+ (\S+)(?: -> (\S+))?$/;
  t.deepEqual(
    list.filter((line) => !row.test(line)),
    [],
  );
  const paths = new Set(list.map((line) => row.exec(line)![2]!.slice(1)));
  for (const path of [
    '/usr/bin/memmap',
    '/usr/share/bash-completion/completions/memmap',
    '/usr/share/zsh/vendor-completions/_memmap',
    '/usr/share/fish/vendor_completions.d/memmap.fish',
    '/usr/lib/systemd/system/memmap-metrics.service',
    '/usr/share/memmap/prometheus/memmap.rules.yml',
    '/usr/share/memmap/grafana/memmap.json',
    '/usr/share/man/man1/memmap.1.gz',
    '/usr/share/man/man1/memmap-show.1.gz',
    '/usr/share/doc/memmap/copyright',
    '/usr/share/doc/memmap/changelog.gz',
    '/usr/share/doc/memmap/docs/growth.md',
  ])
    t.true(paths.has(path), path);

  const root = join(place, 'root');
  await run('dpkg-deb', ['-x', deb, root]);
  for (const [words, says] of usesOf((await waitingShell(t)).pid)) {
    const ran = await run(process.execPath, [join(root, 'usr/bin/memmap'), ...words], {cwd: place});
    t.is(ran.code, 0, `${words.join(' ')}: ${ran.stderr}`);
    t.regex(ran.stdout, says);
  }
  const copyright = readFileSync(join(root, 'usr/share/doc/memmap/copyright'), 'utf8');
  for (const library of ['@oclif/core', 'chalk', 'cli-table3', 'uPlot'])
    t.true(copyright.toLowerCase().includes(library.toLowerCase()), library);

  await run(process.execPath, ['scripts/deb.js', join(place, 'again')], {env: {SOURCE_DATE_EPOCH: '1700000000'}});
  t.true(
    readFileSync(deb).equals(readFileSync(join(place, `again/memmap_${version}_all.deb`))),
    'the same bytes again',
  );
});
