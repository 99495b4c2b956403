import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';

/** Who may import what, of ours: the order of the house (ARCHITECTURE.md). Imports go one way. */
const OURS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  classify: ['model'],
  parse: ['classify', 'model'],
  explain: ['model'],
  diff: ['model'],
  growth: ['model'],
  check: ['growth', 'model'],
  elf: [],
  procfs: ['classify', 'parse', 'diff', 'model'],
  record: ['parse', 'diff', 'model'],
  render: ['check', 'growth', 'explain', 'parse', 'diff', 'model'],
  lessons: ['elf', 'parse', 'diff', 'model'],
  report: ['growth', 'render', 'diff', 'model'],
  export: ['report', 'model'],
  page: ['report', 'model'],
  cli: [
    'procfs',
    'record',
    'report',
    'export',
    'check',
    'growth',
    'render',
    'lessons',
    'explain',
    'classify',
    'parse',
    'diff',
    'model',
  ],
  commands: [
    'cli',
    'procfs',
    'record',
    'report',
    'export',
    'check',
    'growth',
    'render',
    'lessons',
    'explain',
    'parse',
    'diff',
    'model',
  ],
};

/** Who may import what from outside. The pure folders open nothing. */
const OUTSIDE: Readonly<Record<string, RegExp>> = {
  model: /^$/,
  classify: /^$/,
  explain: /^$/,
  parse: /^$/,
  diff: /^$/,
  growth: /^$/,
  check: /^$/,
  elf: /^$/,
  report: /^$/,
  export: /^$/,
  page: /^uplot$/,
  render: /^(chalk|cli-table3)$/,
  procfs: /^node:(fs|timers\/promises)$/,
  record: /^node:(fs|zlib)$/,
  lessons: /^node:/,
  cli: /^(node:.*|@oclif\/core|chalk)$/,
  commands: /^(node:fs|@oclif\/core)$/,
};

/** Libraries that one file alone knows. */
const ONE_FILE: Readonly<Record<string, string>> = {chalk: 'render/theme.ts', 'cli-table3': 'render/table.ts'};

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly from: string;
  readonly isTypeOnly: boolean;
}

const imports: Import[] = readdirSync('src', {recursive: true, encoding: 'utf8'})
  .filter((file) => file.endsWith('.ts') && file.includes('/'))
  .flatMap((file) =>
    [...readFileSync(`src/${file}`, 'utf8').matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from '([^']+)'/gm)].map(
      (match) => ({
        file,
        folder: file.split('/')[0]!,
        from: match[2]!,
        isTypeOnly: match[1] !== undefined,
      }),
    ),
  );

test('imports within the project go one way', (t) => {
  const wrong = imports
    .filter(({from}) => from.startsWith('../'))
    .filter(({folder, from}) => !OURS[folder]?.includes(from.split('/')[1]!));
  t.deepEqual(wrong, []);
  t.true(imports.length > 100, 'the imports were found');
});

test('a folder imports from outside only what its place allows', (t) => {
  const wrong = imports
    .filter(({from}) => !from.startsWith('.'))
    .filter(({folder, from, isTypeOnly}) => !isTypeOnly && !OUTSIDE[folder]?.test(from));
  t.deepEqual(wrong, []);
});

test('chalk and cli-table3 are known by one file each', (t) => {
  const wrong = imports.filter(
    ({file, from, isTypeOnly}) => from in ONE_FILE && !isTypeOnly && ONE_FILE[from] !== file,
  );
  t.deepEqual(wrong, []);
});

test('the pure folders use no clock and no process', (t) => {
  const pure = readdirSync('src', {recursive: true, encoding: 'utf8'}).filter((file) =>
    /^(model|classify|explain|parse|diff|growth|check|render|elf|report|export)\/.*\.ts$/.test(file),
  );
  const wrong = pure.filter((file) =>
    /\b(process\.(env|std|exit|pid|argv|hrtime)|Date\.now|new Date\(\)|performance\.now)\b/.test(
      readFileSync(`src/${file}`, 'utf8'),
    ),
  );
  t.deepEqual(wrong, []);
  t.true(pure.length > 20, 'the files were found');
});
