import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {run} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';
import {testIf} from '../helpers/tools.ts';
import {smallRecording} from './small.ts';

testIf('jq')('the lines of jq in docs/recording.md work, and say what they are said to say', async (t) => {
  const path = join(folder(t), 'a.jsonl');
  const {bytes} = await smallRecording(path);
  writeFileSync(path, bytes);
  const commands = readFileSync('docs/recording.md', 'utf8').match(/^jq .* FILE$/gm) ?? [];
  t.is(commands.length, 3);
  const [rss, marks, sizes] = await Promise.all(
    commands.map((command) => run('sh', ['-c', command.replace('FILE', path)])),
  );
  t.regex(rss!.stdout, /^0\t81920\n1000\t86016\n/);
  t.is(marks!.stdout, '1000 ms  loaded\n');
  t.regex(sizes!.stdout, /^\[null,null,0,0\]\n\[0,"key",4,0\]\n/);
});

test('every line of a recording is as the schema says, and its names are in docs/recording.md', async (t) => {
  const {bytes} = await smallRecording(join(folder(t), 'a.jsonl'));
  const docs = readFileSync('docs/recording.md', 'utf8');
  for (const line of bytes.toString().trimEnd().split('\n')) {
    const record = JSON.parse(line) as {event?: string};
    conforms(t, 'recording', record);
    if (record.event !== undefined) t.true(docs.includes(`| \`${record.event}\` |`), record.event);
    for (const name of Object.keys(record)) t.true(docs.includes(name) || name === 'state', name);
  }
});
