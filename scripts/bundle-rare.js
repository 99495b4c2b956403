// What few runs of a command need is in a bundle of its own, rare/NAME.cjs, which is read when something in it is used:
// what V8 has to read, deserialise and run at each start is half as much (bench/README.md). Both are parts of one
// program: what the command's own bundle has is not in the rare one a second time, but handed to it.
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {exported, sharedOclif, silentUnlessAsked} from './bundle-lazy.js';
import {optionsOf} from './bundle-options.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Commands that make or read a recording in each run. */
const RECORDING = ['export', 'growth', 'record', 'replay', 'report'];

/**
 * Commands that hold a process for long: what is wrong must be said also where no file can be opened any more (EMFILE),
 * so these have all that says it.
 */
const LIVE = ['check', 'cow', 'demo', 'growth', 'metrics', 'record', 'run', 'top', 'watch', 'why'];

/** Files of dist/ that few runs need, and the commands of which most runs need them. */
const RARE = [
  // What is wrong, and what to do about it.
  {files: ['commands/usage', 'text/nearest'], usual: LIVE},
  {files: ['procfs/trouble'], usual: [...LIVE, 'ps']},
  // A target that is a name, a recording, or anything but a listing as the kernel prints it.
  {files: ['input/named', 'input/later', 'parse/core/snapshot', 'parse/core/minidump']},
  {
    files: [
      'parse/foreign/foreign',
      'parse/foreign/patch',
      'parse/foreign/undress/logs',
      'parse/foreign/undress/undress',
    ],
  },
  {files: ['input/recorded', 'parse/snapshot', 'recording/group', 'recording/recording'], usual: RECORDING},
  // Families and groups.
  {files: ['features/show/family', 'features/show/group', 'features/show/group-text']},
  {files: ['procfs/kin/family'], usual: [...LIVE, 'heap', 'ps']},
  // What a flag asks for, or a status without regions.
  {
    files: [
      'features/heap/labels',
      'features/map/diff',
      'features/map/map',
      'features/show/status',
      'procfs/details/numa',
    ],
  },
];

for (const file of RARE.flatMap(({files}) => files))
  if (!existsSync(`${root}dist/${file}.js`)) throw new Error(`There is no ${file} that few runs could need.`);

const filesFor = (id) => new Set(RARE.filter(({usual = []}) => !usual.includes(id)).flatMap(({files}) => files));

/** A file of ours, by its path in dist/ without `.js`. */
const ours = (path) => /[/\\]dist[/\\](.*)\.js$/.exec(path)?.[1];

const {resolve} = createRequire(import.meta.url);

/** Libraries that few runs need: where each is, and the code that a command has in its place. */
const LIBRARIES = {
  // Listings and totals are not drawn by it (src/text/table.ts).
  'cli-table3': {
    usual: ['check', 'demo', 'explain', 'growth', 'pages'],
    path: resolve('cli-table3'),
    code: "export default function Table(options) { return new (rare()['cli-table3'])(options); }",
  },
  debug: {path: resolve('debug'), code: silentUnlessAsked('rare().debug')},
};

/**
 * Bundles a command.
 *
 * @param id its name
 * @param contents what starts it
 * @param oclif the plugin that treats oclif's files
 * @returns esbuild's results: the bundle of the command, and the rare one
 */
export async function bundleCommand(id, contents, oclif) {
  const rare = filesFor(id);
  /** The files among these that this command has. */
  const used = new Set();
  const later = replacing(
    (name) => rare.has(name),
    'rare',
    (name, key, value, path) => {
      used.add(name);
      return exported(key, value, `rare()[${JSON.stringify(name)}]`, path);
    },
  );
  const libraries = Object.fromEntries(Object.entries(LIBRARIES).filter(([, {usual}]) => !usual?.includes(id)));
  const plugins = [later, laterLibraries(libraries), sharedOclif];
  const bundle = (text, plugins) => build({...optionsOf(text, [oclif, ...plugins]), metafile: true});
  const {metafile} = await bundle(contents, plugins);
  const own = new Set(Object.keys(metafile.inputs).map((path) => ours(`/${path}`)));
  const handed = replacing(
    (name) => own.has(name),
    'shared',
    (name, key) => `export const ${key} = /* @__PURE__ */ shared("${name}", "${key}");`,
  );
  const second = await bundle(partsOf(used, libraries), [handed]);
  return {main: await bundle(contents + handing(second.outputFiles[0].text), plugins), rare: second};
}

/** @returns the code of the rare bundle, which runs a part when it is asked for */
function partsOf(names, libraries) {
  const paths = [
    ...Array.from(names, (name) => [name, `./dist/${name}.js`]),
    ...Object.entries(libraries).map(([name, {path}]) => [name, path]),
  ];
  const getters = paths.map(([name, path]) => `get '${name}'() { return require('${path}'); }`);
  return `export const parts = {${getters.join(',')}};`;
}

/** @param rare the text of the rare bundle @returns the code that hands it what it asks for of the command's own files */
function handing(rare) {
  const asked = new Set(Array.from(rare.matchAll(/\bshared\("([^"]+)", ?"(\w+)"\)/g), ([, ...each]) => each.join(' ')));
  const names = Array.from(asked, (each, at) => [...each.split(' '), `shared${at}`]);
  return `
    ${names.map(([file, key, name]) => `import {${key} as ${name}} from './dist/${file}.js';`).join('\n')}
    let table;
    export const shared = (file, key) =>
      (table ??= {${names.map(([file, key, name]) => `"${file} ${key}": ${name}`).join(',')}})[file + ' ' + key];`;
}

const laterLibraries = (libraries) => ({
  name: 'libraries that few runs need',
  setup(build) {
    const filter = new RegExp(`^(${Object.keys(libraries).join('|')})$`);
    build.onResolve({filter}, ({path}) => ({path, namespace: 'rare library'}));
    build.onLoad({filter: /.*/, namespace: 'rare library'}, ({path}) => ({contents: libraries[path].code}));
  },
});

/**
 * Puts other code in the place of some of our files.
 *
 * @param isMeant of a file, by its path in dist/
 * @param stub makes the code for one of its exports
 */
const replacing = (isMeant, namespace, stub) => ({
  name: namespace,
  setup(build) {
    build.onResolve({filter: /^\./}, ({path, kind, resolveDir}) => {
      const full = join(resolveDir, path);
      const name = ours(full);
      if (kind !== 'import-statement' || name === undefined || !isMeant(name)) return undefined;
      return {path: full, namespace, sideEffects: false};
    });
    build.onLoad({filter: /.*/, namespace}, async ({path}) => ({
      contents: Object.entries(await import(path))
        .map(([key, value]) => stub(ours(path), key, value, path))
        .join('\n'),
    }));
  },
});
