// Writes man/: memmap(1), and a page for each command, from what answers --help: oclif.manifest.json, which has the
// command classes' summaries, descriptions, arguments, flags and examples.
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {bold, entry, examples, italic, paragraphs, prose, roff, section} from './roff.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(`${root}${file}`, 'utf8');
const {name: bin, version, description: about} = JSON.parse(read('package.json'));
const commands = Object.values(JSON.parse(read('oclif.manifest.json')).commands);

/** Reproducible builds say what now is (reproducible-builds.org). */
const now = process.env.SOURCE_DATE_EPOCH ? new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000) : new Date();

const EXIT_STATUS = [
  ['0', 'Done; for diff: no change.'],
  [
    '1',
    'The answer is no: diff found changes, a lesson did not go as predicted, a condition did not come true, a rule ' +
      'is broken.',
  ],
  ['2', 'Wrong usage.'],
  ['3', 'There is no such process, it has no memory of its own, or it ended before it could be read.'],
  ['4', 'Not permitted. The message says what is needed and how to get it.'],
  [
    '5',
    'Incomplete: lines that were not understood, a snapshot that stayed torn, a verdict that could not be had. What ' +
      'is there was used, and is marked.',
  ],
  ['6', 'The input cannot be used.'],
  ['7', 'The output could not be written, or is there already.'],
  ['8', 'A deadline passed, or the machine lacks memory or descriptors.'],
  ['70', 'A bug in memmap.'],
  ['128+n', 'Ended by signal n.'],
];

const OWN_CODE = "DESCRIPTION says when it is the command's own code. Otherwise:";

const ABOUT =
  'memmap shows the address space of a Linux process, watches it change, and names each change between two moments, ' +
  'to the byte. It reads procfs, and needs no debugger.\n\nSizes are shown in KiB and MiB for people, and in bytes ' +
  'with --json. Data goes to standard output, messages to standard error.';

const ENVIRONMENT = [
  ['NO_COLOR', 'If it is not empty: no colour. The option --color takes precedence.'],
  ['FORCE_COLOR', 'Colour where output does not go to a terminal, too; none if it is 0.'],
  [
    'PAGER',
    'What shows a text that is longer than the screen: less, if it is not set; nothing, if it is empty or cat.',
  ],
  ['NO_PAGER', 'If it is not empty: no pager.'],
  ['DEBUG', 'After a bug in memmap, show where in its code it happened.'],
];

const PROC = [
  ['/proc/PID/maps', 'The regions of a process. Reading it does not hold up the process for long.'],
  [
    '/proc/PID/smaps',
    'The same with what is resident. Reading it holds a lock that the process needs for mmap(2) and brk(2).',
  ],
  ['/proc/PID/status', 'What the kernel counts for the whole process.'],
];

/** A documentation file, with its title. It is in the package of npm and, in Debian, where memmap's documents are. */
const docs = readdirSync(`${root}docs`)
  .filter((file) => file.endsWith('.md'))
  .toSorted()
  .map((file) => ({
    name: file.replace('.md', ''),
    file: `docs/${file}`,
    title: /^# (.+)/.exec(read(`docs/${file}`))[1],
  }));

const fill = (text, id = '') => text.replaceAll(/<%= *config\.bin *%>/g, bin).replaceAll(/<%= *command\.id *%>/g, id);
const table = (rows) => rows.flatMap(([tag, text]) => entry(bold(tag), prose(text)));
const page = (command) => (command ? `${bin}-${command.id}` : bin);
const reference = (name) => `.BR ${roff(name)} (1)`;

/** The lines of `.BR name (1),` that make one list. */
const list = (lines) => lines.map((line, at) => (at < lines.length - 1 ? `${line},` : line));

const head = (name, summary) => [
  `.TH ${roff(name.toUpperCase())} 1 ${now.toISOString().slice(0, 10)} "${bin} ${version}" "User Commands"`,
  '.nh',
  '.ad l',
  ...section('NAME', prose(`${name} - ${summary}`)),
];

function synopsis({id, usage, args, flags}) {
  const start = `.B ${bin} ${id}`;
  if (usage) return [start, prose(fill(String(usage), id).replace(id, '').trim())];
  const words = Object.values(args).map(({name, required, multiple}) => {
    const word = `${italic(name)}${multiple ? '...' : ''}`;
    return required ? word : `[${word}]`;
  });
  return [start, `${Object.keys(flags).length > 0 ? `[${italic('option')}...] ` : ''}${words.join(' ')}`];
}

/** `--[no-]color`, `-o, --output=<file>`. */
function tagOf({name, char, type, allowNo, helpValue}) {
  const long = allowNo ? `--[no-]${name}` : `--${name}`;
  const value = type === 'option' ? `=${italic(String(helpValue ?? '<value>').replaceAll(/[<>]/g, ''))}` : '';
  return `${char ? `${bold(`-${char}`)}, ` : ''}${bold(long)}${value}`;
}

/** A sentence of a summary; the name of a measure stays as it is. */
const sentence = (text) =>
  `${/^(rss|pss)\b/.test(text) ? text[0] : text[0].toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

function optionLines(flag) {
  const {summary, description = '', options, default: usual} = flag;
  const says = [sentence(summary ?? description)];
  if (options) says.push(`One of ${options.join(', ')}.`);
  if (usual !== undefined && flag.type === 'option') says.push(`Default: ${usual}.`);
  return entry(tagOf(flag), prose(says.join(' ')));
}

function commandPage(command) {
  const {id, summary, description = '', args, flags, examples: lines = [], usage = ''} = command;
  const shown = Object.values(flags).filter(({hidden}) => !hidden);
  const own = shown.filter(({helpGroup}) => helpGroup !== 'GLOBAL').toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const shared = shown.filter(({helpGroup}) => helpGroup === 'GLOBAL');
  const cited = docs.filter(({name, file}) => name === id || description.includes(file));
  return [
    ...head(page(command), summary),
    ...section('SYNOPSIS', ...synopsis(command)),
    ...section('DESCRIPTION', ...paragraphs(fill(description, id))),
    ...section(
      'ARGUMENTS',
      ...Object.values(args).flatMap(({name, description: what = ''}) => entry(italic(name), prose(sentence(what)))),
    ),
    ...section('OPTIONS', ...[...own, ...shared].flatMap(optionLines)),
    ...section('EXAMPLES', ...examples(lines.map((text) => fill(String(text), id)))),
    ...section('EXIT STATUS', ...(/-- <command>/.test(usage) ? [prose(OWN_CODE)] : []), ...table(EXIT_STATUS)),
    ...section('FILES', ...(cited.length > 0 ? [prose(DOCS)] : []), ...cited.flatMap(docLines)),
    ...section(
      'SEE ALSO',
      ...list([reference(bin), ...related(command).map((each) => reference(page(each))), '.BR proc (5)']),
    ),
  ];
}

/** Other commands that a command's texts name. */
const related = ({id, description = '', examples: lines = [], flags}) => {
  const text = [description, ...Object.values(flags).map((flag) => flag.description), ...lines].join(' ');
  return commands.filter((each) => each.id !== id && new RegExp(`(memmap|bin %>) ${each.id}\\b`).test(text));
};

const docLines = ({file, title}) => entry(italic(file), prose(/[.?]$/.test(title) ? title : `${title}.`));

/** Where the documents are is a matter of how memmap was installed. */
const DOCS = 'In the package of npm, and in that of Debian below /usr/share/doc/memmap:';

function mainPage() {
  return [
    ...head(bin, about[0].toLowerCase() + about.slice(1).replace(/\..*/, '')),
    ...section(
      'SYNOPSIS',
      `.B ${bin}`,
      `${italic('command')} [${italic('argument')}...]`,
      '.br',
      `.B ${bin} help`,
      italic('command'),
    ),
    ...section('DESCRIPTION', ...paragraphs(ABOUT)),
    ...section(
      'COMMANDS',
      ...commands.flatMap((command) =>
        entry(bold(command.id), prose(sentence(command.summary)), 'See', `.BR ${roff(page(command))} (1).`),
      ),
    ),
    ...section('ENVIRONMENT', ...table(ENVIRONMENT)),
    ...section('EXIT STATUS', ...table(EXIT_STATUS)),
    ...section('FILES', ...table(PROC), '.PP', prose(DOCS), ...docs.flatMap(docLines)),
    ...section(
      'SEE ALSO',
      ...list([...commands.map((command) => reference(page(command))), '.BR pmap (1)', '.BR proc (5)']),
    ),
  ];
}

rmSync(`${root}man`, {recursive: true, force: true});
mkdirSync(`${root}man`);
const write = (name, lines) => writeFileSync(`${root}man/${name}.1`, `${lines.join('\n')}\n`);
write(bin, mainPage());
for (const command of commands) write(page(command), commandPage(command));
