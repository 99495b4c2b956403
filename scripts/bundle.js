// Writes bundle/memmap.cjs: memmap and its libraries as one file, since Node takes as long to find and read 500 files as
// memmap takes for its work (bench/README.md). dist/ stays what is debugged and what `import 'memmap'` gives.
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
  // Names stay: a bug report with them can be read.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  define: {'import.meta.url': 'bundledFrom'},
  plugins: [lazyRequire, withoutDebug, withoutSupportsColor, withoutWindows],
  logLevel: 'warning',
});

const code = outputFiles[0].text;
// V8 takes a code cache for the source it was made of if the length is the same, so the source itself is named in it.
const digest = createHash('sha256').update(code).digest('hex');
// Already within the function that bin/bundle.js calls: to put 1.3 MB together at each start would take 1 ms.
const inFunction = `(function (require, module, exports, bundledFrom) {${code}\n})`;
writeFileSync(`${root}bundle/memmap.cjs`, `//${digest}\n${inFunction}`);
writeFileSync(
  `${root}bundle/LICENCES.txt`,
  licencesOf(Object.keys(metafile.inputs), (file) => readFileSync(`${root}${file}`, 'utf8')),
);
