// Writes bundle/memmap.cjs: memmap and its libraries as one file, since Node takes as long to find and read 500 files
// as memmap takes for its work (bench/README.md); and bundle/index.js, which `import 'memmap'` loads. dist/ is still
// what is debugged.
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {lazyRequire, withoutDebug, withoutSupportsColor, withoutWindows} from './bundle-lazy.js';
import {licencesOf} from './bundle-licences.js';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}bundle`, {recursive: true, force: true});
mkdirSync(`${root}bundle`);

const {outputFiles, metafile} = await build({
  stdin: {
    contents:
      "const {COMMANDS, main} = require('./dist/main.js'); Object.assign(exports, {commands: Object.keys(COMMANDS), main});",
    resolveDir: root,
  },
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Names are kept, so that bug reports can be read.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  define: {'import.meta.url': 'bundledFrom'},
  plugins: [lazyRequire, withoutDebug, withoutSupportsColor, withoutWindows],
  logLevel: 'warning',
});

const code = outputFiles[0].text;
// V8 accepts a code cache for any source of the same length, so the cache also names its source.
const digest = createHash('sha256').update(code).digest('hex');
// Already wrapped in the function that bin/bundle.js calls: concatenating 1.3 MB at each start would take 1 ms.
const inFunction = `(function (require, module, exports, bundledFrom) {${code}\n})`;
writeFileSync(`${root}bundle/memmap.cjs`, `//${digest}\n${inFunction}`);
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
  licencesOf(Object.keys(metafile.inputs), (file) => readFileSync(`${root}${file}`, 'utf8')),
);
