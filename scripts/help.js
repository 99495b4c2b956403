// Writes bundle/help-*.json: what `memmap --help` and `memmap COMMAND --help` print, as oclif writes it for a terminal
// of 80 columns, so that oclif need not be asked each time (bin/help.js). Usage: node scripts/help.js [plain|bold]
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [form] = process.argv.slice(2);

if (form === undefined) {
  // oclif's library of styles looks at the environment once, when it is loaded: one process for each form.
  const {NO_COLOR: _no, CI: _ci, COLUMNS: _columns, OCLIF_COLUMNS: _width, ...env} = process.env;
  for (const [name, color] of Object.entries({plain: '0', bold: '1'}))
    writeFileSync(
      `${root}bundle/help-${name}.json`,
      execFileSync(process.execPath, [fileURLToPath(import.meta.url), name], {env: {...env, FORCE_COLOR: color}}),
    );
} else {
  const {helpText} = await import('../dist/help.js');
  const {commands} = JSON.parse(readFileSync(`${root}oclif.manifest.json`, 'utf8'));
  const texts = {'': await helpText(root, ['--help'])};
  for (const id of Object.keys(commands)) texts[id] = await helpText(root, [id, '--help']);
  // Help names the Node that it runs on, which is another one where memmap is installed.
  const here = `${process.platform}-${process.arch} node-${process.version}`;
  if (!texts[''].includes(here)) throw new Error('Help names its Node in another way.');
  process.stdout.write(JSON.stringify(texts).replaceAll(here, '{node}'));
}
