import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {memmap, run} from '../helpers/cli.ts';
import {flagsOf} from '../helpers/help.ts';
import {testIf} from '../helpers/tools.ts';

const PAGES = readdirSync('man').map((file) => file.replace('.1', ''));

/** A page as man(1) shows it on a terminal of 80 columns, as plain text. */
async function rendered(page: string): Promise<{text: string; warnings: string}> {
  const env = {MANWIDTH: '80', LC_ALL: 'C.UTF-8', MAN_KEEP_FORMATTING: ''};
  const {stdout, stderr} = await run('man', ['--warnings', '-l', `man/${page}.1`], {env});
  return {text: stdout, warnings: stderr};
}

test('each command has a page, which package.json names, so that npm installs it', (t) => {
  const {man} = JSON.parse(readFileSync('package.json', 'utf8')) as {man: string[]};
  t.deepEqual(man, PAGES.map((page) => `man/${page}.1`).toSorted());
  const {commands} = JSON.parse(readFileSync('oclif.manifest.json', 'utf8')) as {commands: object};
  t.deepEqual(PAGES.toSorted(), ['memmap', ...Object.keys(commands).map((id) => `memmap-${id}`)].toSorted());
});

testIf('man')('man shows each page without a warning, within 80 columns, with its sections', async (t) => {
  for (const page of PAGES) {
    const {text, warnings} = await rendered(page);
    t.is(warnings, '', page);
    const lines = text.split('\n');
    t.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
      page,
    );
    for (const title of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'EXIT STATUS', 'SEE ALSO'])
      t.true(lines.includes(title), `${page}: ${title}`);
  }
});

testIf('mandoc')('mandoc finds nothing to improve', async (t) => {
  const {stdout} = await run('mandoc', ['-T', 'lint', ...PAGES.map((page) => `man/${page}.1`)]);
  t.is(stdout, '');
});

testIf('man')('a page names every flag and every argument of --help, and its examples as they are typed', async (t) => {
  for (const page of PAGES.filter((name) => name !== 'memmap')) {
    const help = (await memmap([page.slice('memmap-'.length), '--help'], {env: {COLUMNS: '200'}})).stdout;
    const {text} = await rendered(page);
    for (const flag of flagsOf(help)) t.true(text.includes(flag), `${page} ${flag}`);
    const pasted = text.replaceAll(/ \\\n\s+/g, ' ').replaceAll(/;\n\s+/g, '; ');
    const examples = help.slice(help.indexOf('\nEXAMPLES')).split('\n').slice(2);
    for (const example of examples.map((line) => line.trim().replace(/^\$ /, '')))
      t.true(pasted.includes(example), `${page}: ${example}`);
  }
});
