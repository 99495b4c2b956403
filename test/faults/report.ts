import {readFileSync} from 'node:fs';
import {release} from 'node:os';
import type {Outcome} from './run-row.ts';

const MARKS: Readonly<Record<Outcome['mark'], string>> = {
  ok: 'as expected',
  open: '**open**',
  'not run': 'not run',
  FAILED: '**FAILED**',
};

/** docs/faults.md, except for its later parts. */
export function table(outcomes: readonly Outcome[]): string {
  const count = (mark: Outcome['mark']): number => outcomes.filter((outcome) => outcome.mark === mark).length;
  const {version} = JSON.parse(readFileSync('package.json', 'utf8')) as {version: string};
  const lines = outcomes.map(({row, mark, seen}) => [row.id, row.fault, row.how, row.expected, MARKS[mark], seen]);
  return `# Faults

What can go wrong around memmap is made to go wrong here: the table says what memmap does then. Written by \`npm run test:faults\` (memmap ${version}, Linux
${release().split('-')[0]}, Node ${process.versions.node}, as ${process.getuid?.() === 0 ? 'root' : 'an ordinary user'}); the quick ones that need no privileges run in \`npm test\` too. Exit codes are those of the
[scripting.md](scripting.md#exit-codes).

${outcomes.length} faults: ${count('ok')} as expected, ${count('open')} open, ${count('FAILED')} failed, ${count('not run')} not run (each says why).

${markdown(['#', 'fault', 'how it is made', 'expected', 'result', 'what was seen'], lines)}
`;
}

/** The page with its first part, the table, written again. */
export function withTable(page: string, table: string): string {
  const rest = page.indexOf('\n## ');
  return rest < 0 ? table : `${table}${page.slice(rest)}`;
}

/** The page with one part, from its heading to the next one, written again; or added. */
export function withSection(page: string, section: string): string {
  const heading = section.slice(0, section.indexOf('\n') + 1);
  const from = page.indexOf(heading);
  if (from < 0) return `${page.trimEnd()}\n\n${section}`;
  const to = page.indexOf('\n## ', from);
  return `${page.slice(0, from)}${section}${to < 0 ? '' : page.slice(to)}`;
}

/** A table of Markdown; whatever a cell contains stays in it. */
export function markdown(titles: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(titles), `|${titles.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** Without what would end a cell, and without paths of the machine on which it was made. */
const escaped = (text: string): string =>
  text
    .replaceAll(process.cwd(), '…')
    .replaceAll(/\/tmp\/memmap-fault-\w+/g, '…')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll('\n', ' ')
    .slice(0, 400);
