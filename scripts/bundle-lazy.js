// What keeps the start short: a file of oclif is run only when something in it is used. As published, each file first
// runs all those that it imports, and `show` would run the code of help, hooks and plugins: 22 ms of 60.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

const {resolve} = createRequire(import.meta.url);

/** Files of oclif. */
const OCLIF = /@oclif[/\\]core[/\\]lib[/\\](.*)\.js$/;

/** TypeScript's output for `import x from`, `import * as x from` and `export * as x from`, one per line. */
const IMPORT = /^(?:const|var) (\w+) = ((?:__importDefault|__importStar)?\(?require\("[^"]+"\)\)?);$/gm;
const EXPORT = /^exports\.(\w+) = (__importStar\(require\("[^"]+"\)\));$/gm;

/** oclif's own listener for errors of standard output: setting it makes the stream, and base.ts removes it again. */
const LISTENER = /^process\.stdout\.on\('error', \(err\) => \{\n[^]*?^\}\);$/m;

/** oclif's check of the Node version, for which it would load semver: package.json says what is needed. */
const ENGINE = /^function checkNodeVersion\(\) \{\n[^]*?^\}\n|^checkNodeVersion\(\);\n/gm;

/** What is left out, by file. */
const UNUSED = {command: LISTENER, index: ENGINE};

function lazily(path) {
  const text = readFileSync(path, 'utf8');
  const unused = UNUSED[OCLIF.exec(path)[1]];
  const used = unused ? text.replace(unused, '') : text;
  if (unused && used === text) throw new Error(`${path} was written in another way.`);
  return used
    .replace(IMPORT, 'let $1_; const $1 = new Proxy({}, {get: (_, key) => ($1_ ??= $2)[key]});')
    .replace(EXPORT, 'let $1_; Object.defineProperty(exports, "$1", {enumerable: true, get: () => ($1_ ??= $2)});');
}

export const lazyRequire = {
  name: 'lazy require',
  setup(build) {
    build.onLoad({filter: OCLIF}, ({path}) => ({loader: 'js', contents: lazily(path)}));
  },
};

/** What a command that is called as it should be runs of oclif: its base class, the flags, and the parser. */
const PARSING = new Set([
  'args',
  'cache',
  'command',
  'flags',
  'index',
  'logger',
  'parser/index',
  'parser/parse',
  'parser/validate',
  'settings',
  'util/aggregate-flags',
  'util/ids',
  'util/util',
]);

/**
 * The same for the bundle of a command: only what parses is in it. The other files, 500 KB for the errors and help, are
 * in the bundle that all commands share, which `oclif` loads (bin/bundle.js).
 *
 * @param others where the names of these files are put
 */
export const onlyParsing = (others) => ({
  name: 'only what parses',
  setup(build) {
    // It wants to know its version alone: making the whole object takes 0.1 ms.
    build.onLoad({filter: /@oclif[/\\]core[/\\]package\.json$/}, ({path}) => {
      const {version} = JSON.parse(readFileSync(path, 'utf8'));
      return {loader: 'json', contents: JSON.stringify({version})};
    });
    build.onLoad({filter: OCLIF}, ({path}) => {
      const [, name] = OCLIF.exec(path);
      if (PARSING.has(name)) return {loader: 'js', contents: lazily(path)};
      others.add(name);
      return {loader: 'js', contents: `module.exports = oclif()[${JSON.stringify(name)}];`};
    });
  },
});

/**
 * Our files share one object with what a command uses of oclif: esbuild makes one with all of oclif's names for each
 * file that imports it (0.2 ms).
 */
export const sharedOclif = {
  name: 'shared oclif',
  setup(build) {
    build.onResolve({filter: /^@oclif\/core$/}, ({kind, importer}) =>
      kind === 'import-statement' && !OCLIF.test(importer)
        ? {path: 'oclif', namespace: 'shared oclif', sideEffects: false}
        : undefined,
    );
    build.onLoad({filter: /.*/, namespace: 'shared oclif'}, () => ({
      resolveDir: process.cwd(),
      contents: `export const {Args, Command, Flags} = require(${JSON.stringify(resolve('@oclif/core'))});`,
    }));
  },
};

/** @returns the path of a file of oclif */
export const fileOfOclif = (name) => resolve('@oclif/core').replace(OCLIF, `@oclif/core/lib/${name}.js`);

/**
 * A name that a module exports, as one that loads the module when it is used.
 *
 * @param module the code that loads it
 * @param path of it, for errors
 */
export function exported(name, value, module, path) {
  const real = `(${module}.${name})`;
  if (typeof value === 'function')
    return `export function ${name}(...words) { return new.target ? new ${real}(...words) : ${real}(...words); }`;
  if (Array.isArray(value) || value instanceof Map || value instanceof Set)
    throw new Error(`${name} of ${path} can't be loaded later.`);
  if (typeof value === 'object') return `export const ${name} = new Proxy({}, {get: (_, key) => ${real}[key]});`;
  return `export const ${name} = ${JSON.stringify(value)};`;
}

/** Modules of Node that aren't loaded anyhow when a program starts: each is loaded when something in it is used. */
export const lazyModules = {
  name: 'lazy modules of Node',
  setup(build) {
    const filter = /^node:(child_process|os|readline|string_decoder|timers\/promises|tty|util|zlib)$/;
    build.onResolve({filter}, ({path, kind}) =>
      kind === 'import-statement' ? {path, namespace: 'lazy', sideEffects: false} : {path, external: true},
    );
    build.onLoad({filter, namespace: 'lazy'}, async ({path}) => {
      const names = Object.entries(await import(path)).filter(([name]) => name !== 'default');
      return {
        contents: names
          .map(([name, value]) => exported(name, value, `require(${JSON.stringify(path)})`, path))
          .join('\n'),
      };
    });
  },
};

/** Libraries that a command may not need, and the class that each is used for. */
const CLASSES = {chalk: 'Chalk', 'cli-table3': 'default'};

/** The same for these: a table of cli-table3 and colours are made when there are some. */
export const lazyLibraries = {
  name: 'lazy libraries',
  setup(build) {
    const filter = /^(chalk|cli-table3)$/;
    build.onResolve({filter}, ({path, namespace}) =>
      namespace === 'lazy' ? undefined : {path, namespace: 'lazy', sideEffects: false},
    );
    build.onLoad({filter, namespace: 'lazy'}, ({path}) => {
      const name = CLASSES[path];
      const library = `require(${JSON.stringify(path)})${name === 'default' ? '' : `.${name}`}`;
      return {
        resolveDir: process.cwd(),
        contents: `const Made = function (options) { return new (${library})(options); }; export {Made as ${name}};`,
      };
    });
  },
};

/** The first use of Node's `performance` loads perf_hooks (1.3 ms): clock.js is the same clock. */
export const clock = {
  define: {'performance.now': 'msSinceStart'},
  inject: [fileURLToPath(new URL('clock.js', import.meta.url))],
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

/** @param log the code that loads oclif's log @returns the code of one that is silent without DEBUG */
export function silentUnlessAsked(log) {
  return `module.exports = process.env.DEBUG ? ${log} : () => Object.assign(() => {}, {enabled: false});`;
}

/** oclif's log, which is silent unless DEBUG is set; starting it opens the terminal (7 ms). */
export const withoutDebug = {
  name: 'without debug',
  setup(build) {
    build.onResolve({filter: /^debug$/}, () => ({path: 'debug', namespace: 'without-debug'}));
    build.onLoad({filter: /.*/, namespace: 'without-debug'}, () => ({
      resolveDir: process.cwd(),
      contents: silentUnlessAsked(`require(${JSON.stringify(resolve('debug'))})`),
    }));
  },
};
