import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import test from 'ava';
import {findWords} from '../../../src/features/explain/glossary/find.ts';
import {flagMeaning, glossary, words} from '../../../src/features/explain/glossary/glossary.ts';
import {parseGlossary} from '../../../src/features/explain/glossary/markdown.ts';
import {renderWords} from '../../../src/features/explain/glossary/text.ts';
import {GROUPS, type Word} from '../../../src/features/explain/glossary/word.ts';
import {CHANGE_KINDS} from '../../../src/model/change.ts';
import {KIND_MEANINGS, KINDS} from '../../../src/model/kind.ts';
import {parse} from '../../../src/parse/parse.ts';
import {parseStatus} from '../../../src/parse/proc/status.ts';
import {cells} from '../../../src/text/safe.ts';
import {folder} from '../../helpers/listings.ts';

const TEXTS: ReadonlyMap<string, string> = new Map(
  GROUPS.map((group) => [group, readFileSync(`glossary/${group}.md`, 'utf8')]),
);
const WORDS = words();
const lookUp = (text: string): Word[] => findWords(WORDS, text);

/** What the kernels have ever printed: fs/proc/task_mmu.c from 3.8 to 6.19, and what the tutorial of formats lists. */
const EVER =
  'rd wr ex sh mr mw me ms gd pf dw lo io sr rr dc de lf ac nr ht sf nl ar wf dd bt sd mm hg nh mg um uw mt ui ss ' +
  'dp sl gu mp ??';

const unknown = (words: Iterable<string>): string[] => [...words].filter((word) => lookUp(word).length === 0);

test('the pages of glossary/ are read whole, and the program has what they say', (t) => {
  t.deepEqual(readdirSync('glossary').toSorted(), ['README', ...GROUPS].map((name) => `${name}.md`).toSorted());
  const {pages, problems} = parseGlossary(TEXTS, String);
  t.deepEqual(problems, []);
  t.deepEqual(JSON.parse(JSON.stringify(pages)), glossary());
  const headings = [...TEXTS.values()].flatMap((text) => text.match(/^## .+$/gm) ?? []);
  t.deepEqual(
    WORDS.map(({names}) => `## ${names[0]}`),
    headings,
  );
});

test('each word says what it is, in which unit, and where to read on', (t) => {
  t.true(WORDS.length > 200);
  for (const {names, group, unit, meaning, source, traps, since} of WORDS) {
    t.true(names.length > 0 && names.every((name) => name !== ''), meaning);
    t.true(GROUPS.includes(group) && unit !== '' && source !== '', names[0]);
    t.regex(meaning, /^\S[^\n]+[.?]$/, names[0]);
    if (traps !== undefined) t.regex(traps, /^\S[^\n]+\.$/, names[0]);
    if (since !== undefined) t.regex(since, /^(about )?\d+\.\d+|^kernels of Android only$/, names[0]);
    t.notRegex([meaning, traps ?? '', source].join('\n'), / {2}|\t/, names[0]);
  }
});

test('each source is a man page, a file of the kernel or of glibc, a command, or the documentation of another', (t) => {
  const known =
    /\w\(\d\)|\b(Documentation|fs|mm|kernel|arch|include|malloc)\/[\w/.-]+\.(rst|txt|c|h)\b|^Documentation\/ABI\/|^the documentation of|^memmap \w+ --help/;
  t.deepEqual(
    WORDS.filter(({source}) => !known.test(source)).map(({names, source}) => `${names[0]}: ${source}`),
    [],
  );
});

test('where man-pages has one proc(5), as in Debian 12, that is named too', (t) => {
  const one = WORDS.filter(({source}) => /proc_(pid|sys)_\w+\(5\)(?! or proc\(5\))/.test(source));
  t.deepEqual(
    one.map(({names: [name]}) => name),
    [],
  );
});

test('each word fits terminals of 40 and of 80 columns', (t) => {
  for (const width of [40, 80])
    for (const word of WORDS)
      for (const line of renderWords([word], width).split('\n')) t.true(cells(line) <= width, line);
});

test('the page of kinds says of each what `explain` says of its regions', (t) => {
  for (const kind of KINDS) {
    const meaning = WORDS.find(({group, names}) => group === 'kind' && names[0] === kind)?.meaning;
    t.is(meaning?.toLowerCase(), `${KIND_MEANINGS[kind]}.`.toLowerCase());
  }
});

/** A page of flags, as they are written. */
const FLAGS = `# VmFlags

Notes of the kernel.

- all: codes in VmFlags
- one: a code in VmFlags
- unit: none
- see: proc_pid_smaps(5)

## rd

Readable.

- since: 3.8
- related: wr, perms

## wr

Writable,
unless sealed.

- but: The page may still be
  shared.
`;

/** What is changed in it → what the build says, after the file. */
const MISTAKES: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['- since: 3.8', '- sinse: 3.8', /^:14: unknown field "sinse": one of also, but, unit, since, see, related$/],
  ['- see: proc', '- also: proc', /^:8: unknown field "also": one of all, one, unit, since, see$/],
  ['- since: 3.8', '- since: 3.8\n- since: 3.9', /^:15: "since" is there twice$/],
  ['- unit: none\n', '', /^:9: rd has no "unit", and its page has none either$/],
  ['- one: a code in VmFlags\n', '', /^:1: the page's list has no "one"$/],
  ['Notes of the kernel.\n', '', /^:1: the page has no introduction$/],
  ['## wr', '## rd', /^:17: rd is a word already: see rd$/],
  ['- but:', '- also: RD\n- but:', /^:17: RD is a word already: see rd$/],
  ['- related: wr,', '- related: wr, nonsense,', /^:15: related to "nonsense", which is not a word$/],
  ['Readable.\n', '', /^:10: rd has 0 paragraphs: its meaning is one$/],
  ['Readable.\n', 'Readable.\n\nBy all.\n', /^:10: rd has 2 paragraphs: its meaning is one$/],
  ['Readable.\n', 'Readable by *all*.\n', /^:12: Markdown would take/],
  ['unless', '+ unless', /^:20: Markdown would take/],
  ['  shared', '  - shared', /^:23: Markdown would take/],
  ['- related: wr', '- related wr', /^:15: a field is written "- label: text"$/],
  ['  shared', 'shared', /^:23: this belongs to no field: indent it by two$/],
  ['## wr', '### wr', /^:17: a page has one # title, then ## words$/],
  ['# VmFlags', 'VmFlags', /^:1: a page begins with its # title$/],
];

const problemsOf = (text: string): string[] =>
  parseGlossary(new Map([...TEXTS, ['flag', text]]), (group) => `${group}.md`).problems.filter((problem) =>
    problem.startsWith('flag.md'),
  );

test('lines of a paragraph and of a field are put together with a blank', (t) => {
  t.deepEqual(problemsOf(FLAGS), []);
  const {pages} = parseGlossary(new Map([...TEXTS, ['flag', FLAGS]]), String);
  t.deepEqual(pages.find(({group}) => group === 'flag')?.words[1], {
    names: ['wr'],
    group: 'flag',
    unit: 'none',
    meaning: 'Writable, unless sealed.',
    traps: 'The page may still be shared.',
    since: undefined,
    source: 'proc_pid_smaps(5)',
    related: undefined,
  });
});

for (const [right, wrong, said] of MISTAKES) {
  test(`the build names file and line: ${JSON.stringify(wrong)} for ${JSON.stringify(right)}`, (t) => {
    const problems = problemsOf(FLAGS.replace(right, wrong));
    t.true(
      problems.some((problem) => said.test(problem.slice('flag.md'.length))),
      problems.join('\n'),
    );
  });
}

test('a page that is missing, and one that is no group, are named', (t) => {
  const texts = new Map([...TEXTS, ['flags', '']]);
  texts.delete('page');
  const {problems} = parseGlossary(texts, (group) => `${group}.md`);
  t.true(problems.includes('page.md:1: this page is missing'));
  t.true(problems.some((problem) => problem.startsWith('flags.md:1: no such group: one of idea, kind')));
});

test('no text makes reading a page fail', (t) => {
  const lines = fc.constantFrom('', '# A', '## b', '- also: c, b', '- see: d', '  e', 'f', '- x', ' g', '### h');
  fc.assert(
    fc.property(fc.array(fc.oneof(lines, fc.string()), {maxLength: 30}), (rows) =>
      parseGlossary(new Map([['idea', rows.join('\n')]]), String).problems.every((problem) =>
        /^\w+:\d+: /.test(problem),
      ),
    ),
  );
  t.pass();
});

test('scripts/glossary.js ends with 1 and says where, and writes nothing', (t) => {
  const place = folder(t);
  for (const [group, text] of TEXTS)
    writeFileSync(join(place, `${group}.md`), group === 'maps' ? text.replace('## dev', '## offset') : text);
  const before = readFileSync('dist/glossary.json');
  const {status, stderr} = spawnSync(process.execPath, ['scripts/glossary.js', place], {encoding: 'utf8'});
  t.is(status, 1);
  t.regex(stderr, /^\S*maps\.md:\d+: offset is a word already: see offset$/m);
  t.deepEqual(readFileSync('dist/glossary.json'), before);
});

test('the pages are installed with the program', (t) => {
  const {files} = JSON.parse(readFileSync('package.json', 'utf8')) as {files: string[]};
  t.true(files.includes('glossary') && files.includes('dist/glossary.json'));
});

test('each related word is a word', (t) => {
  t.deepEqual(unknown(new Set(WORDS.flatMap(({related = []}) => related))), []);
});

test('no two words of a group have the same first name', (t) => {
  const names = WORDS.map(({group, names: [name]}) => `${group} ${name}`);
  t.is(new Set(names).size, names.length);
});

test('all kinds of region and of change, and all codes that kernels printed, are words', (t) => {
  t.deepEqual(unknown([...KINDS, ...CHANGE_KINDS, ...EVER.split(' ')]), []);
  const codes = WORDS.filter(({group}) => group === 'flag').map(({names: [code]}) => code);
  const byText = (a = '', b = ''): number => (a < b ? -1 : 1);
  t.deepEqual(codes.toSorted(byText), EVER.split(' ').toSorted(byText));
});

test(
  "every key of this kernel's smaps, smaps_rollup, and the memory keys of its status are words, as printed and as " +
    'JSON keys',
  (t) => {
    for (const file of ['smaps', 'smaps_rollup']) {
      const text = readFileSync(`/proc/self/${file}`, 'latin1');
      const keys = new Set([...text.matchAll(/^([A-Z]\w+):/gm)].map(([, key]) => key!));
      t.true(keys.size >= 15);
      t.deepEqual(unknown(keys), []);
      t.deepEqual(unknown(parse(text).regions.flatMap(({usage = {}}) => Object.keys(usage))), []);
    }
    const status = readFileSync('/proc/self/status');
    const kept = Object.keys(parseStatus(status));
    t.true(kept.includes('vmRss') && kept.length > 20);
    t.deepEqual(unknown(kept), []);
    t.deepEqual(unknown([...status.toString('latin1').matchAll(/^(\w+):.* kB$/gm)].map(([, key]) => key!)), []);
  },
);

test('every code in VmFlags of every process here is known', (t) => {
  const codes = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/smaps`, 'latin1');
      for (const [, list] of text.matchAll(/^VmFlags: (.*)$/gm)) for (const code of list!.split(' ')) codes.add(code);
    } catch {
      // Processes end, and some may not be read.
    }
  }
  codes.delete('');
  t.true(codes.size > 8);
  t.deepEqual(
    [...codes].filter((code) => flagMeaning(code) === undefined),
    [],
  );
});

test('every name in brackets in maps of every process here is a word', (t) => {
  const names = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // The sixth column: a file may be named so that it ends in brackets.
      const listed = /^(?:\S+ +){5}((?:anon_inode:)?\[[^\]\n]+\])$/gm;
      for (const [, name] of readFileSync(`/proc/${pid}/maps`, 'latin1').matchAll(listed)) names.add(name!);
    } catch {
      // Processes end, and some may not be read.
    }
  }
  t.true(names.has('[stack]'));
  t.deepEqual(unknown(names), []);
});

/** What is asked → the groups of what is found, in order. */
const ASKED: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['Private_Dirty', ['counter']],
  ['privateDirty', ['counter']],
  ['private dirty', ['counter']],
  ['PRIVATE-DIRTY', ['counter']],
  ['pss', ['counter']],
  ['nr', ['flag']],
  ['VmData', ['status']],
  ['text', ['kind', 'stat']],
  ['[heap]', ['name']],
  ['heap', ['kind']],
  ['[anon:libc_malloc]', ['name']],
  ['[stack:4242]', ['name']],
  ['/memfd:doublemapper (deleted)', ['name', 'name']],
  ['/SYSV00000000 (deleted)', ['name', 'name']],
  ['/tmp/x (deleted)', ['name']],
  ['rw-p', ['maps']],
  ['---p', ['maps']],
  ['r-xs', ['maps']],
  ['anon_inode:[perf_event]', ['name']],
  ['touched', ['change']],
  ['RLIMIT_DATA', ['limit']],
  ['max_map_count', ['limit']],
  ['copy-on-write', ['idea']],
  ['soft-dirty', ['page']],
  ['zz', []],
  ['', []],
  ['nonsense', []],
];

for (const [asked, groups] of ASKED) {
  test(`"${asked}" is ${groups.join(' and ') || 'no word'}`, (t) => {
    t.deepEqual(
      lookUp(asked).map(({group}) => group),
      groups,
    );
  });
}

test('resident means the counter and the field of statm, and the code of its exact spelling comes first', (t) => {
  t.deepEqual(new Set(lookUp('resident').map(({group}) => group)), new Set(['counter', 'stat']));
  t.is(lookUp('Size')[0]?.group, 'counter');
  t.is(lookUp('size')[0]?.group, 'stat');
});

test('no text makes looking up fail', (t) => {
  fc.assert(fc.property(fc.string({unit: 'binary'}), (text) => Array.isArray(lookUp(text))));
  t.pass();
});
