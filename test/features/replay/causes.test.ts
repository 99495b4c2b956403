import test from 'ava';
import {memmap} from '../../helpers/cli.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {CauseEvents, sum} from '../cause/events.ts';
import {BLOCK_SIZE, LAST, MIB, recordedScene} from '../cause/scene.ts';

const PARSE = 'by 1 call of brk, thread 77: malloc ← parse_string ← handle_request ← main';

test('under each change stands whose it is, and at the end who mapped what', async (t) => {
  const file = await recordedScene(t);
  const {stdout, code} = await memmap(['replay', file]);
  t.is(code, 0);
  const lines = stdout.split('\n');
  const grown = lines.flatMap((line, index) => (line.includes('[heap] grew') ? [lines[index + 1]] : []));
  t.is(grown.length, LAST);
  for (const line of grown) t.is(line, `              ${PARSE}`);
  const block = lines[lines.findIndex((line) => line.includes('+ new')) + 1]!;
  t.regex(block, /by 1 call of mmap, thread 77: malloc ← image_decode .*; no call is known for 3 MiB: /);
  t.regex(stdout, /^cause {4}60 of 60 memory calls were seen, none lost; the call is known for 95\.3 % /m);
  t.regex(stdout, /^Who mapped it: 66 MiB still there, 65 MiB at the peak/m);
  t.regex(stdout, /^Who touched it: some 22\.5 MiB became resident/m);
  t.false(stdout.includes('\u001b[31m;'));
  const all = await memmap(['replay', file, '--frames', 'all', '--to', '3']);
  t.regex(all.stdout, /thread 77: brk ← sbrk ← malloc ← parse_string/);
  t.notRegex(all.stdout, /Who mapped it/, 'the whole is not over');
});

test('the events are those of watch --json: stacks and calls before the changes that are theirs', async (t) => {
  const file = await recordedScene(t);
  const {stdout} = await memmap(['replay', file, '--json']);
  const events = new CauseEvents(t, stdout);
  t.is(events.changes.length, LAST + 1);
  t.is(events.calls.size, LAST + 1, 'those that are a cause');
  const [first] = events.changes;
  t.like(first, {kind: 'grown', causes: [{call: 10, bytes: MIB}], unexplained: 0});
  t.deepEqual(events.names(events.calls.get(10)!.stack), [
    'brk',
    'sbrk',
    'malloc',
    'parse_string',
    'handle_request',
    'main',
  ]);
  t.is(sum(events.sharesOf('image_decode'), 'kept'), BLOCK_SIZE);
  const part = await memmap(['replay', file, '--json', '--from', '10', '--to', '30']);
  const ends = part.stdout.trimEnd().split('\n').at(-1)!;
  t.is((JSON.parse(ends) as {cause?: object}).cause, undefined);
});

test('a recording without memory calls is shown as before', async (t) => {
  const {stdout, code} = await memmap(['replay', await recordedScene(t, {isPlain: true})]);
  t.is(code, 0);
  t.notRegex(stdout, /by \d+ call|cause|Who mapped/);
});

testIf('script')('the screen shows it below the change, at any moment', async (t) => {
  const file = await recordedScene(t);
  const screen = new TerminalRun(t, ['replay', file], {columns: 100});
  await screen.shows(/\[heap\]/);
  screen.type('g5\r');
  await screen.shows(/moment 5 of/);
  await screen.shows(/by 1 call of brk, thread 77: malloc ← parse_string ← handle_request ← main/);
  screen.type('q');
  t.is(await screen.end(), 0);
});
