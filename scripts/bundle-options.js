// How memmap is made one file by esbuild, for bundle/ (bundle.js) and for the standalone executable (standalone.js).
import {fileURLToPath} from 'node:url';
import {clock, lazyLibraries, lazyModules, withoutDebug, withoutSupportsColor, withoutWindows} from './bundle-lazy.js';

/**
 * @param contents what the file starts: paths in it are relative to memmap's directory
 * @param own the plugins for oclif's files and ours
 * @returns esbuild's options
 */
export const optionsOf = (contents, own) => ({
  stdin: {contents, resolveDir: fileURLToPath(new URL('..', import.meta.url))},
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Names are kept, so that bug reports can be read.
  minifyWhitespace: !process.env.PRETTY,
  minifySyntax: true,
  legalComments: 'none',
  ...clock,
  define: {...clock.define, 'import.meta.url': 'bundledFrom.url'},
  plugins: [...own, lazyModules, lazyLibraries, withoutDebug, withoutSupportsColor, withoutWindows],
  logLevel: 'warning',
});
