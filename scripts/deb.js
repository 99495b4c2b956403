// Makes packages/memmap_VERSION_all.deb, without root: memmap for Debian's own Node, man pages, completions, units,
// documents, licences. Usage: npm run deb [-- FOLDER]. Who makes it is asked of DEBFULLNAME and DEBEMAIL, as debhelper and dch do.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {hostname, tmpdir, userInfo} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(`${root}${file}`, 'utf8');
const {name, version, license, engines} = JSON.parse(read('package.json'));
const holder = /^Copyright \(c\) (.+)$/m.exec(read('LICENSE'))[1];
const fullName = process.env.DEBFULLNAME ?? holder.replace(/^\d+ /, '');
const maintainer = `${fullName} <${process.env.DEBEMAIL ?? `${userInfo().username}@${hostname()}`}>`;
/** Seconds: with SOURCE_DATE_EPOCH the same sources give the same bytes (reproducible-builds.org). */
const now = Number(process.env.SOURCE_DATE_EPOCH ?? Math.floor(Date.now() / 1000));

/** Where memmap itself is. It has helpers for three processors in it, so it is not in /usr/share. */
const HOME = `usr/lib/${name}`;
const DOC = `usr/share/doc/${name}`;

const SHORT = "say what happened to a process's memory";

const LONG = ` memmap shows the address space of a Linux process, watches it change, and
 names each change between two moments, to the byte. It reads procfs, and
 needs no debugger.
 .
 It shows what each region is for, whether memory leaks and how fast, what a
 command does to its memory from its first instruction to its end, and has
 lessons in which a small program changes its memory while you watch.`;

/** V8's code cache (bin/bundle.js), which root's runs write beside the bundle. */
const PRERM = `#!/bin/sh
set -e
rm -f /${HOME}/bundle/cache-*
`;

/**
 * The helpers are for three processors on purpose (`memmap demo --emit --arch` writes each of them out), are static, and
 * have the symbols that a debugger shows in a lesson. page.html is a template that `memmap report` fills.
 */
const OVERRIDES = [
  'arch-independent-package-contains-binary-or-object',
  'statically-linked-binary',
  'unstripped-binary-or-object',
  'package-contains-documentation-outside-usr-share-doc',
]
  .map((tag) => `${name}: ${tag}\n`)
  .join('');

const tree = mkdtempSync(join(tmpdir(), 'memmap-deb-'));

function put(path, content) {
  mkdirSync(dirname(join(tree, path)), {recursive: true});
  writeFileSync(join(tree, path), content);
}

function copy(from, to) {
  mkdirSync(dirname(join(tree, to)), {recursive: true});
  cpSync(`${root}${from}`, join(tree, to), {recursive: true});
}

/** Compressed the same way each time: without a name and a time in it. */
const zipped = (text) => gzipSync(text, {level: 9});

function program() {
  const code = ['bin/bundle.js', 'bin/choose.js', 'bin/help.js', 'bin/package.json'];
  const made = [
    'bundle/commands',
    'bundle/rare',
    'bundle/help-bold.json',
    'bundle/help-plain.json',
    'bundle/memmap.cjs',
    'oclif.manifest.json',
    'package.json',
  ];
  const data = ['dist/glossary.json', 'dist/page.html', 'dist/demangle.wasm', 'dist/helpers'];
  for (const file of [...code, ...made, ...data]) copy(file, `${HOME}/${file}`);
  put(`${HOME}/bin/run.js`, read('bin/run.js').replace(/^#!.*/, '#!/usr/bin/node'));
  mkdirSync(join(tree, 'usr/bin'), {recursive: true});
  symlinkSync(`../lib/${name}/bin/run.js`, join(tree, 'usr/bin', name));
}

function documents() {
  for (const file of ['README.md', 'SECURITY.md', 'docs', 'schema']) copy(file, `${DOC}/${file}`);
  rmSync(join(tree, DOC, 'docs/pictures'), {recursive: true, force: true});
  put(`${DOC}/copyright`, copyright());
  put(`${DOC}/changelog.gz`, zipped(changelog()));
  put(`${DOC}/NEWS.gz`, zipped(read('CHANGELOG.md')));
}

/** debian-policy, "Copyright information": memmap's licence, and those of the libraries that are in its files. */
function copyright() {
  const libraries = `${read('bundle/LICENCES.txt')}\n${'='.repeat(72)}\n\n${read('node_modules/uplot/LICENSE')}`;
  const bundled = libraries
    .replaceAll('\r', '')
    .split(/^={72}$/m)
    .map(withCommon)
    .join('='.repeat(72));
  return [
    `memmap ${version}`,
    '',
    `Copyright (c) ${holder}`,
    '',
    `memmap is under the ${license} licence:`,
    '',
    read('LICENSE').trim(),
    '',
    `/${HOME}/bundle has in its files the libraries below; /${HOME}/dist/page.html has uPlot, which is the last.`,
    '',
    bundled.trim(),
    '',
  ].join('\n');
}

/** Debian has the text of this licence once for all packages. */
function withCommon(licence) {
  const [text] = /^ *Apache License\n+ *Version 2\.0[^]*$/m.exec(licence) ?? [];
  if (text === undefined) return licence;
  const notices = text.match(/^ *Copyright \D*\d{4}.*$/gm) ?? [];
  const pointer = 'Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0';
  return licence.replace(text, `${[...notices, pointer].join('\n')}\n\n`);
}

const changelog = () =>
  [
    `${name} (${version}) unstable; urgency=medium`,
    '  * What is new is in NEWS.gz.',
    ` -- ${maintainer}  ${new Date(now * 1000).toUTCString().replace('GMT', '+0000')}\n`,
  ].join('\n\n');

function manuals() {
  for (const file of readdirSync(`${root}man`)) put(`usr/share/man/man1/${file}.gz`, zipped(read(`man/${file}`)));
}

function completions() {
  const places = {
    bash: `usr/share/bash-completion/completions/${name}`,
    fish: `usr/share/fish/vendor_completions.d/${name}.fish`,
    zsh: `usr/share/zsh/vendor-completions/_${name}`,
  };
  for (const [shell, place] of Object.entries(places))
    put(place, execFileSync(process.execPath, [`${root}bin/run.js`, 'completion', shell]));
}

/** Units, which nobody starts until they are enabled; and what is for other programs on other machines. */
function shared() {
  copy('share/systemd', 'usr/lib/systemd/system');
  for (const folder of ['prometheus', 'grafana', 'kubernetes']) copy(`share/${folder}`, `usr/share/${name}/${folder}`);
}

function control() {
  put(`usr/share/lintian/overrides/${name}`, OVERRIDES);
  const files = filesOf(tree);
  const size = files.reduce((sum, file) => sum + Math.ceil(statSync(file).size / 1024), 0);
  const fields = {
    Package: name,
    Version: version,
    Architecture: 'all',
    Maintainer: maintainer,
    'Installed-Size': size,
    Depends: `nodejs (${engines.node.replace('>=', '>= ')})`,
    Suggests: 'less',
    Section: 'utils',
    Priority: 'optional',
    Description: `${SHORT}\n${LONG}`,
  };
  const sums = files.map(
    (file) => `${createHash('md5').update(readFileSync(file)).digest('hex')}  ${file.slice(tree.length + 1)}\n`,
  );
  put('DEBIAN/md5sums', sums.join(''));
  put(
    'DEBIAN/control',
    `${Object.entries(fields)
      .map(([key, value]) => `${key}: ${value}`)
      .join('\n')}\n`,
  );
  put('DEBIAN/prerm', PRERM);
  chmodSync(join(tree, 'DEBIAN/prerm'), 0o755);
}

function filesOf(folder) {
  return readdirSync(folder, {withFileTypes: true})
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesOf(path);
      return entry.isFile() ? [path] : [];
    });
}

/** Modes as Debian wants them, whatever the umask was, and one time for all. */
function tidy(path) {
  const stat = statSync(path);
  if (stat.isDirectory()) for (const each of readdirSync(path)) tidy(join(path, each));
  const isProgram = stat.isDirectory() || /\/(run\.js|prerm|helpers\/[^/]+\.(x64|arm64|riscv64))$/.test(path);
  chmodSync(path, isProgram ? 0o755 : 0o644);
  utimesSync(path, now, now);
}

try {
  program();
  documents();
  manuals();
  completions();
  shared();
  control();
  tidy(tree);
  const folder = process.argv[2] ?? `${root}packages`;
  mkdirSync(folder, {recursive: true});
  const file = join(folder, `${name}_${version}_all.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, file], {
    env: {...process.env, SOURCE_DATE_EPOCH: String(now)},
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.stdout.write(`${file}  ${(statSync(file).size / 1e3).toFixed(0)} kB\n`);
} finally {
  rmSync(tree, {recursive: true, force: true});
}
