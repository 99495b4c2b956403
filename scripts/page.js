// Writes dist/page.html: the report's page without its data. It contains its script and its style, and its policy names
// them by their hashes, so that a browser runs nothing else and loads nothing from elsewhere.
import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {licencesOf} from './bundle-licences.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(`${root}${file}`, 'utf8');

const {outputFiles, metafile} = await build({
  entryPoints: [`${root}src/features/report/page/main.ts`],
  absWorkingDir: root,
  bundle: true,
  write: false,
  metafile: true,
  minify: true,
  format: 'iife',
  target: ['chrome110', 'firefox115', 'safari16'],
  legalComments: 'none',
  logLevel: 'warning',
});

const [script] = outputFiles.map(({text}) => text.trim());
const style = `${read('node_modules/uplot/dist/uPlot.min.css')}\n${read('src/features/report/page/style.css')}`;
const hash = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error('the page would end too early');

const parts = {
  script,
  style,
  'script-hash': hash(script),
  'style-hash': hash(style),
  licences: `memmap\n${'-'.repeat(72)}\n${read('LICENSE').trim()}\n\n${licencesOf(Object.keys(metafile.inputs), read).replaceAll('--', '==')}`,
};
const page = read('src/features/report/page/page.html').replace(
  /\{\{([a-z-]+)\}\}/g,
  (mark, name) => parts[name] ?? mark,
);
writeFileSync(`${root}dist/page.html`, page);
