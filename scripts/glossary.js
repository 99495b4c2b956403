// Writes dist/glossary.json from glossary/*.md, or says what is wrong in them: FILE:LINE: why.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseGlossary} from '../dist/features/explain/glossary/markdown.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.argv[2] ?? join(root, 'glossary');
const files = readdirSync(folder).filter((file) => file.endsWith('.md') && file !== 'README.md');
const texts = new Map(files.map((file) => [file.slice(0, -3), readFileSync(join(folder, file), 'utf8')]));

const {pages, problems} = parseGlossary(texts, (group) => relative(process.cwd(), join(folder, `${group}.md`)));
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exitCode = 1;
} else writeFileSync(join(root, 'dist/glossary.json'), JSON.stringify(pages));
