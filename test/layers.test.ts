import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import test from 'ava';

/** What the subjects of features/ and the commands may use: everything that isn't a feature. */
const KITS = [
  'model',
  'classify',
  'diff',
  'history',
  'parse',
  'unwind',
  'text',
  'elf',
  'procfs',
  'trace',
  'recording',
  'input',
  'shell',
  'terminal',
];

/** Which room may import which: the order of the house (ARCHITECTURE.md). Imports go one way. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  elf: [],
  classify: ['model'],
  diff: ['model'],
  history: ['model'],
  text: ['diff', 'model'],
  parse: ['classify', 'model'],
  unwind: ['parse', 'model'],
  procfs: ['parse', 'classify', 'model'],
  trace: ['elf', 'procfs', 'parse', 'shell', 'model'],
  recording: ['procfs', 'parse', 'model'],
  shell: ['procfs', 'text', 'model'],
  terminal: ['text', 'shell', 'model'],
  input: ['recording', 'procfs', 'parse', 'shell', 'text', 'model'],
  features: KITS,
  commands: ['features', ...KITS],
  'index.ts': ['model', 'diff', 'parse', 'procfs'],
  'help.ts': ['commands', 'shell'],
  'main.ts': ['commands', 'help.ts'],
  'prebuild.ts': ['elf', 'features', 'trace'],
};

/** The arrows between features. A new one is a decision: it is written down here. */
const FEATURES: Readonly<Record<string, readonly string[]>> = {
  check: ['run', 'watch', 'growth', 'group'],
  // Which calls made a change.
  watch: ['cause'],
  run: ['watch', 'record', 'cause'],
  // The lesson about who made a change; what malloc's books say after a step of another.
  lessons: ['cause', 'heap'],
  // malloc's books, noted and judged.
  record: ['watch', 'group', 'cause', 'heap'],
  // The time of day of a line.
  group: ['watch'],
  // Growth of what each call stack keeps, and of malloc's books.
  growth: ['group', 'cause', 'heap'],
  // Which calls made a change; who holds what.
  replay: ['watch', 'cause'],
  report: ['growth', 'cause'],
  export: ['report', 'cause'],
  top: ['ps', 'watch'],
  // The wire format of Protocol Buffers.
  metrics: ['ps', 'export'],
  explain: ['heap', 'cause'],
  // It composes what they find out, and finds out nothing itself but what descriptors hold over time.
  why: ['growth', 'heap', 'show', 'cow', 'explain'],
};

/**
 * Who may touch the operating system, the terminal or a library. A folder stands for all that is in it. What isn't named
 * here opens nothing: no file, no clock, no process.
 */
const OUTSIDE: Readonly<Record<string, RegExp>> = {
  'text/theme.ts': /^chalk$/,
  'text/table.ts': /^cli-table3$/,
  'procfs/': /^node:(fs|timers\/promises)$/,
  // Perf events are opened by a helper that it starts.
  'trace/': /^node:(child_process|fs|stream|timers\/promises)$/,
  'recording/': /^node:(fs|zlib|os|path)$/,
  'shell/': /^node:(fs|os|path|tty|url|timers\/promises|child_process)$/,
  'terminal/': /^node:(fs|string_decoder)$/,
  'input/open.ts': /^node:fs$/,
  'input/bytes.ts': /^node:fs$/,
  // A directory of listings, and when each was written.
  'input/series.ts': /^node:(fs|path)$/,
  // Core files are read by ranges; those that are packed are unpacked into a file first.
  'input/core.ts': /^node:(fs|os|path|zlib)$/,
  'commands/': /^(@oclif\/core|node:fs|chalk)$/,
  'help.ts': /^(@oclif\/core|node:fs)$/,
  'prebuild.ts': /^node:(crypto|fs|url)$/,
  // Programs are started by these.
  // Programs and libraries whose code is on a stack.
  'features/cause/files.ts': /^node:(fs|zlib)$/,
  'features/run/gate.ts': /^node:(child_process|fs|stream|timers\/promises)$/,
  'features/lessons/helper.ts': /^node:(child_process|fs|readline|stream)$/,
  // The lock asks which process holds it; a mapped file on a dead file system is looked at by a process that may hang.
  'procfs/lock.ts': /^node:child_process$/,
  'procfs/image/mapped.ts': /^node:child_process$/,
  // A command that isn't found is looked for in PATH, and named as the shell names it.
  'features/run/command.ts': /^node:(fs|os|util)$/,
  // Files that the user names.
  'features/check/read-rules.ts': /^node:fs$/,
  'features/explain/argument.ts': /^node:fs$/,
  'features/explain/file.ts': /^node:fs$/,
  'features/explain/glossary/glossary.ts': /^node:fs$/,
  'features/record/file.ts': /^node:(fs|os|path|zlib)$/,
  'features/report/source.ts': /^node:(fs|path)$/,
  // The only socket that memmap opens, and only where a receiver is named.
  'features/metrics/otlp/push.ts': /^node:(http|https)$/,
  'features/metrics/otlp/settings.ts': /^node:os$/,
  'features/metrics/otlp/sink.ts': /^node:zlib$/,
  'features/metrics/otlp/spool.ts': /^node:(fs|path)$/,
  // Lessons about files make one; a lesson says where it ran.
  'features/lessons/taught/advice.ts': /^node:fs$/,
  'features/lessons/teach.ts': /^node:os$/,
  // Pauses.
  'features/pages/target.ts': /^node:timers\/promises$/,
  'features/replay/': /^node:timers\/promises$/,
  'features/show/choose.ts': /^@oclif\/core$/,
  'features/report/page/chart/chart.ts': /^uplot$/,
};

type Sources = ReadonlyMap<string, string>;

/** Every import there is: of types, of values, when needed (`import()`), and of built-in modules by name. */
const importsOf = (text: string): string[] =>
  [
    ...text.matchAll(/^(?:import|export)\s[^;]*?from '([^']+)'/gm),
    ...text.matchAll(/^import '([^']+)'/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
    ...text.matchAll(/\bgetBuiltinModule\('([^']+)'\)/g),
  ].map((match) => match[1]!);

const roomOf = (file: string): string => file.split('/')[0]!;
const featureOf = (file: string): string => file.split('/')[1]!;

interface Arrow {
  readonly from: string;
  readonly to: string;
}

const arrowsOf = (sources: Sources): Arrow[] =>
  [...sources].flatMap(([from, text]) =>
    importsOf(text)
      .filter((to) => to.startsWith('.'))
      .map((to) => ({from, to: join(dirname(from), to)})),
  );

function isAllowed({from, to}: Arrow): boolean {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === 'features' && other === 'features')
    return featureOf(from) === featureOf(to) || FEATURES[featureOf(from)]?.includes(featureOf(to)) === true;
  return room === other || ROOMS[room]?.includes(other) === true;
}

/** Arrows that the tables do not have, as `from → to`. */
const forbidden = (sources: Sources): string[] =>
  arrowsOf(sources)
    .filter((arrow) => !isAllowed(arrow))
    .map(({from, to}) => `${from} → ${to}`);

/** Imports of what is not ours that the table does not have. */
const foreign = (sources: Sources): string[] =>
  [...sources].flatMap(([file, text]) =>
    importsOf(text)
      .filter((from) => !from.startsWith('.'))
      .filter((from) => !Object.entries(OUTSIDE).some(([place, what]) => file.startsWith(place) && what.test(from)))
      .filter((from) => !new RegExp(`^import type [^;]*from '${from}'`, 'm').test(text))
      .map((from) => `${file} → ${from}`),
  );

/** A circle of imports, as the files on it; undefined if there is none. */
function circle(sources: Sources): string[] | undefined {
  const targets = new Map<string, string[]>();
  for (const {from, to} of arrowsOf(sources)) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const target of targets.get(file) ?? []) {
      const found = visit(target);
      if (found) return found;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of sources.keys()) {
    const found = visit(file);
    if (found) return found;
  }
  return undefined;
}

const house: Sources = new Map(
  readdirSync('src', {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, readFileSync(`src/${file}`, 'utf8')]),
);

test('imports go one way, from room to room and from feature to feature', (t) => {
  t.deepEqual(forbidden(house), []);
  t.true(arrowsOf(house).length > 1000, 'the imports were found');
});

test('each import names a file that is there', (t) => {
  t.deepEqual(
    arrowsOf(house).filter(({to}) => !existsSync(`src/${to}`)),
    [],
  );
});

test('no import leads back to where it began', (t) => t.is(circle(house), undefined));

test('only the rooms that are named for it touch the operating system, a terminal or a library', (t) =>
  t.deepEqual(foreign(house), []));

/** They touch no operating system, and are compiled without the types of Node. */
const PURE = ['model', 'classify', 'diff', 'history', 'parse', 'text', 'elf', 'unwind'];

test('the pure rooms are compiled without the types of Node', (t) => {
  const config = JSON.parse(readFileSync('tsconfig.pure.json', 'utf8')) as {
    readonly compilerOptions: {readonly types: readonly string[]};
    readonly include: readonly string[];
  };
  t.deepEqual(config.compilerOptions.types, []);
  t.deepEqual(
    config.include,
    PURE.map((room) => `src/${room}`),
  );
});

test('the pure rooms use no clock and no process', (t) => {
  const pure = [...house].filter(([file]) => PURE.includes(roomOf(file)));
  const clock = /\b(process\.(env|std|exit|pid|argv|hrtime)|Date\.now|new Date\(\)|performance\.now)\b/;
  t.deepEqual(
    pure.filter(([, text]) => clock.test(text)).map(([file]) => file),
    [],
  );
});

test('the exit code is set in one place', (t) => {
  const setters = [...house].filter(([, text]) => /\bprocess\.exitCode\b/.test(text)).map(([file]) => file);
  t.deepEqual(setters, ['commands/base.ts']);
});

test('a forbidden arrow, a circle and a foreign library are found', (t) => {
  const made = (files: Record<string, string>): Sources => new Map(Object.entries(files));
  t.deepEqual(forbidden(made({'model/a.ts': "import type {B} from '../procfs/b.ts';"})), ['model/a.ts → procfs/b.ts']);
  t.deepEqual(forbidden(made({'diff/a.ts': "const b = await import('../text/b.ts');"})), ['diff/a.ts → text/b.ts']);
  t.deepEqual(forbidden(made({'features/watch/a.ts': "import {b} from '../check/b.ts';"})), [
    'features/watch/a.ts → features/check/b.ts',
  ]);
  t.deepEqual(forbidden(made({'features/check/a.ts': "import {b} from '../watch/screen/b.ts';"})), []);
  t.deepEqual(foreign(made({'parse/a.ts': "const {readFileSync} = process.getBuiltinModule('node:fs');"})), [
    'parse/a.ts → node:fs',
  ]);
  t.deepEqual(foreign(made({'features/show/a.ts': "import {readFileSync} from 'node:fs';"})), [
    'features/show/a.ts → node:fs',
  ]);
  const round = made({
    'a/a.ts': "import {b} from './b.ts';",
    'a/b.ts': "import type {C} from '../c/c.ts';",
    'c/c.ts': "export {a} from '../a/a.ts';",
  });
  t.deepEqual(circle(round), ['a/a.ts', 'a/b.ts', 'c/c.ts', 'a/a.ts']);
});
