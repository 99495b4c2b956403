import {readFileSync} from 'node:fs';
import test from 'ava';
import {VERDICTS} from '../../../src/features/growth/verdict/judge.ts';
import {KNOWN_PROGRAMS} from './programs.ts';

const docs = readFileSync('docs/growth.md', 'utf8');

test('docs/growth.md says what each verdict means', (t) => {
  for (const verdict of Object.keys(VERDICTS)) t.true(docs.includes(`| ${verdict} | `), verdict);
});

test('its table of programs has each verdict that a real program is known for', (t) => {
  for (const {verdict} of Object.values(KNOWN_PROGRAMS))
    t.regex(docs, new RegExp(`^\\|.* \\| ${[verdict].flat().join(' or ')}(, slope right)? \\|$`, 'm'));
});
