// Writes bundle/: a file for each command, with all its libraries in it, since Node takes as long to find and read 500
// files as memmap takes for its work (bench/README.md); memmap.cjs for what is not a command, and for what commands
// need of oclif where they are called wrongly; and index.js, which `import 'memmap'` loads. dist/ is what is debugged.
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {COMMANDS} from '../dist/main.js';
import {fileOfOclif, lazyRequire, onlyParsing} from './bundle-lazy.js';
import {bundleCommand} from './bundle-rare.js';
import {licencesOf} from './bundle-licences.js';
import {optionsOf} from './bundle-options.js';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}bundle`, {recursive: true, force: true});
for (const folder of ['commands', 'rare']) mkdirSync(`${root}bundle/${folder}`, {recursive: true});

/** What demangle.js copies to dist/. */
const DEMANGLER = 'node_modules/gecko-profiler-demangle/index_bg.wasm';

/** The libraries' files, and ours. */
const inputs = new Set();

/** @param name of the bundle; @param result what esbuild made */
function write(name, {outputFiles, metafile}) {
  for (const file of Object.keys(metafile.inputs)) inputs.add(file);
  const code = outputFiles[0].text;
  // V8 accepts a code cache for any source of the same length, so the cache also names its source.
  const digest = createHash('sha256').update(code).digest('hex');
  // Already wrapped in the function that bin/bundle.js calls: concatenating it at each start would take longer.
  const inFunction = `(function (require, module, exports, bundledFrom, oclif, rare, shared) {${code}\n})`;
  writeFileSync(`${root}bundle/${name}.cjs`, `//${digest}\n${inFunction}`);
}

const others = new Set();
await Promise.all(
  Object.keys(COMMANDS).map(async (id) => {
    const contents = `import Command from './dist/commands/${id}.js';
                      export const run = (root, words) => Command.start(root, '${id}', words);`;
    const {main, rare} = await bundleCommand(id, contents, onlyParsing(others));
    write(`commands/${id}`, main);
    write(`rare/${id}`, rare);
  }),
);
const getters = Array.from(others, (name) => `get '${name}'() { return require('${fileOfOclif(name)}'); }`);
const common = `export {help, print, unknown} from './dist/help.js';
                export const oclif = {${getters.join(',')}};`;
write('memmap', await build({...optionsOf(common, [lazyRequire]), metafile: true}));
await build({
  entryPoints: [`${root}dist/index.js`],
  outfile: `${root}bundle/index.js`,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
});
writeFileSync(
  `${root}bundle/LICENCES.txt`,
  licencesOf([...inputs, DEMANGLER], (file) => readFileSync(`${root}${file}`, 'utf8')),
);
