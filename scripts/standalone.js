// Makes packages/memmap-VERSION-linux-CPU: memmap as one executable that needs no Node. It is the bundle, compiled by
// Bun and with Bun in it. Bun comes from the npm registry, is checked against the hashes below, and is kept in
// node_modules/.cache; `npm ci` does not install it. Usage: npm run standalone [-- x64 arm64]
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {lazyRequire} from './bundle-lazy.js';
import {optionsOf} from './bundle-options.js';

const BUN = '1.4.5';
/** By processor: the package, and what npm says its tarball's hash is. The baseline build needs no AVX2. */
const BUNS = {
  x64: [
    'bun-linux-x64-baseline',
    'sha512-s8yMwYcFnnrA178gji0gZbkE2WVDej/Ti1x770oPfihxyRxSMNhGhiAQNXV53aDeraZxksdvKV/RAdQBCd0qPA==',
  ],
  arm64: [
    'bun-linux-aarch64',
    'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  ],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const {name, version} = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const cpus = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BUNS);

const place = mkdtempSync(join(tmpdir(), 'memmap-standalone-'));
try {
  await stage(place);
  const compiler = fetchBun(process.arch);
  mkdirSync(`${root}packages`, {recursive: true});
  for (const cpu of cpus) {
    const file = `${root}packages/${name}-${version}-linux-${cpu}`;
    compile(compiler, cpu, file);
    process.stdout.write(`${file}  ${(statSync(file).size / 1e6).toFixed(0)} MB\n`);
  }
} finally {
  rmSync(place, {recursive: true, force: true});
}

/** Puts together what goes into the executable: its code, and beside it the files that memmap reads. */
async function stage(folder) {
  for (const file of [
    'package.json',
    'oclif.manifest.json',
    'dist/glossary.json',
    'dist/page.html',
    'dist/demangle.wasm',
    'dist/helpers',
  ])
    cpSync(`${root}${file}`, join(folder, 'files', file), {recursive: true});
  const contents = `
    import {dirname} from 'node:path';
    import {choose} from './bin/choose.js';
    import {COMMANDS, main} from './dist/main.js';
    const root = dirname(Bun.main);
    // Where the files of dist/ find their neighbours (src/shell/built.ts).
    globalThis.bundledFrom = {url: \`file://\${root}/dist/bundle/memmap.js\`};
    const argv = process.argv.slice(2);
    if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V'))
      console.log(\`${name}/${version} linux-\${process.arch} bun-\${Bun.version}\`);
    else void main(root, choose(argv, (word) => Object.hasOwn(COMMANDS, word)));
  `;
  const {outputFiles} = await build(optionsOf(contents, [lazyRequire]));
  writeFileSync(join(folder, 'memmap.cjs'), outputFiles[0].text);
}

/** Settings of Bun in the directory where memmap is started must not change what it does. */
function compile(compiler, cpu, file) {
  const assets = ['package.json', 'oclif.manifest.json', 'dist'].map((each) => `--asset=files/${each}`);
  const words = ['--compile', '--bytecode', '--format=cjs', '--no-compile-autoload-dotenv'];
  // process.arch becomes a constant of the target.
  const target = [`--target=bun-linux-${cpu}`, `--compile-executable-path=${fetchBun(cpu)}`];
  const more = ['--no-compile-autoload-bunfig', ...target, `--outfile=${file}`];
  execFileSync(compiler, ['build', ...words, ...more, ...assets, 'memmap.cjs'], {cwd: place, stdio: 'pipe'});
}

/** @returns where Bun for a processor is */
function fetchBun(cpu) {
  const [tool, integrity] = BUNS[cpu];
  const folder = `${root}node_modules/.cache/${tool}-${BUN}`;
  const executable = `${folder}/package/bin/bun`;
  if (existsSync(executable)) return executable;
  process.stderr.write(`Fetching ${tool} ${BUN} …\n`);
  mkdirSync(folder, {recursive: true});
  execFileSync('npm', ['pack', '--silent', `@oven/${tool}@${BUN}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const file = `${folder}/oven-${tool}-${BUN}.tgz`;
  const hash = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (hash !== integrity) throw new Error(`${file} is not the ${tool} that was expected: ${hash}`);
  execFileSync('tar', ['-xzf', file, '-C', folder]);
  rmSync(file);
  return executable;
}
