// Writes bundle/types/: the declarations that `import 'memmap'` needs, of the 300 that there are.
import {copyFileSync, mkdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const types = fileURLToPath(new URL('../bundle/types', import.meta.url));

/** Where another file is named: `from './a.ts'`, `import('./a.ts')`, `import './a.ts'`. */
const NAMED = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)\.[tj]s['"]/g;

const done = new Set();
const waiting = [join(dist, 'index.d.ts')];
for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
  if (done.has(file)) continue;
  done.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(NAMED)) waiting.push(join(dirname(file), `${name}.d.ts`));
  const copy = join(types, relative(dist, file));
  mkdirSync(dirname(copy), {recursive: true});
  copyFileSync(file, copy);
}
