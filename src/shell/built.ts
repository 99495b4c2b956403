import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/**
 * The path of a file that is made at build time and installed with memmap, in dist/: the helpers of the lessons, the
 * page of a report, the glossary. dist/ is next to package.json, in the first directory above this file that has one:
 * this file is itself in dist/, or was compiled to build/ for the tests, or is in the bundle, where `import.meta.url`
 * is that of a file two levels below memmap's directory (bin/bundle.js).
 *
 * @param name relative to dist/
 */
export function builtFile(name: string): string {
  let folder = new URL('../', import.meta.url);
  while (!existsSync(new URL('package.json', folder)) && folder.pathname !== '/') folder = new URL('../', folder);
  return fileURLToPath(new URL(`dist/${name}`, folder));
}
