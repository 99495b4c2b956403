// What keeps the start short: a file of oclif is run only when something in it is used. As published, each file first
// runs all those that it imports, and `show` would run the code of help, hooks and plugins: 22 ms of 60.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

const {resolve} = createRequire(import.meta.url);

/** TypeScript's output for `import x from`, `import * as x from` and `export * as x from`, one per line. */
const IMPORT = /^(?:const|var) (\w+) = ((?:__importDefault|__importStar)?\(?require\("[^"]+"\)\)?);$/gm;
const EXPORT = /^exports\.(\w+) = (__importStar\(require\("[^"]+"\)\));$/gm;

export const lazyRequire = {
  name: 'lazy require',
  setup(build) {
    build.onLoad({filter: /@oclif[/\\]core[/\\]lib[/\\].*\.js$/}, ({path}) => ({
      loader: 'js',
      contents: readFileSync(path, 'utf8')
        .replace(IMPORT, 'let $1_; const $1 = new Proxy({}, {get: (_, key) => ($1_ ??= $2)[key]});')
        .replace(EXPORT, 'let $1_; Object.defineProperty(exports, "$1", {enumerable: true, get: () => ($1_ ??= $2)});'),
    }));
  },
};

/**
 * Help says on which platform it runs, and for that asks whether this is Windows underneath: it would load
 * child_process (10 ms).
 */
export const withoutWindows = {
  name: 'without windows',
  setup(build) {
    build.onResolve({filter: /^(wsl-utils|is-wsl)$/}, () => ({path: 'wsl', namespace: 'without-windows'}));
    build.onLoad({filter: /.*/, namespace: 'without-windows'}, () => ({
      contents: 'export const isWsl = false; export default false;',
    }));
  },
};

/** chalk asks the terminal for its colours when it is loaded (4 ms); memmap does that itself, and tells chalk. */
export const withoutSupportsColor = {
  name: 'without supports-color',
  setup(build) {
    build.onResolve({filter: /^#supports-color$/}, () => ({path: 'colors', namespace: 'without-supports-color'}));
    build.onLoad({filter: /.*/, namespace: 'without-supports-color'}, () => ({
      contents: 'export default {stdout: false, stderr: false};',
    }));
  },
};

/** oclif's log, which is silent unless DEBUG is set; starting it opens the terminal (7 ms). */
export const withoutDebug = {
  name: 'without debug',
  setup(build) {
    build.onResolve({filter: /^debug$/}, () => ({path: 'debug', namespace: 'without-debug'}));
    build.onLoad({filter: /.*/, namespace: 'without-debug'}, () => ({
      resolveDir: process.cwd(),
      contents: `module.exports = process.env.DEBUG ? require(${JSON.stringify(resolve('debug'))}) : () => Object.assign(() => {}, {enabled: false});`,
    }));
  },
};
