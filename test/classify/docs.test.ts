import {readFileSync} from 'node:fs';
import test from 'ava';
import {KIND_MEANINGS} from '../../src/model/kind.ts';

test('docs/kinds.md lists each kind with its meaning, and no other', (t) => {
  const rows = readFileSync('docs/kinds.md', 'utf8').matchAll(/^\| ([a-z-]+) \| (.+) \|$/gm);
  const listed = [...rows].map(([, kind, meaning]) => [kind, meaning!.replaceAll('\\|', '|')]).slice(1);
  t.deepEqual(listed, Object.entries(KIND_MEANINGS));
});

test('the schema of a region has the same kinds', (t) => {
  const kinds = Object.keys(KIND_MEANINGS);
  const read = (name: string): any => JSON.parse(readFileSync(`schema/${name}.schema.json`, 'utf8'));
  t.deepEqual(read('region').properties.kind.enum, kinds);
  t.deepEqual(read('snapshot').$defs.totals.properties.kinds.propertyNames.enum, kinds);
});
