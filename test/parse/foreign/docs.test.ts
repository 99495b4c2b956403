import {readFileSync} from 'node:fs';
import test from 'ava';
import {parse} from '../../../src/parse/parse.ts';

test('each example of docs/formats.md is read as what it is said to be, and no line is left over', (t) => {
  const examples = [...readFileSync('docs/formats.md', 'utf8').matchAll(/^```text ([\w -]+)\n(.*?)^```$/gms)];
  t.true(examples.length > 20);
  for (const [, format, text] of examples) {
    const {source, regions, rejected} = parse(text!);
    t.is(source.format, format!, text);
    t.deepEqual(rejected, [], text);
    t.true(regions.length > 0 && regions.every(({name}) => name !== ''), text);
  }
});
