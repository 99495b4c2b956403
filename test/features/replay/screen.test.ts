import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {readRecording} from '../../../src/recording/recording.ts';
import {python} from '../../helpers/child.ts';
import {folder} from '../../helpers/listings.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {smallRecording} from '../../recording/small.ts';

async function made(t: ExecutionContext): Promise<{path: string; last: number}> {
  const path = join(folder(t), 'a.jsonl');
  const {bytes, moments} = await smallRecording(path);
  writeFileSync(path, bytes);
  return {path, last: moments.length - 1};
}

testIf('script')('on a terminal a recording is played, stepped through, and left', async (t) => {
  const {path, last} = await made(t);
  const run = new TerminalRun(t, ['replay', path], {columns: 110});
  await run.shows(new RegExp(`playing ×1 {2}moment \\d+ of ${last}`));
  t.true(run.isAlternate);
  run.type('\x1b[H');
  await run.shows(new RegExp(`paused {2}moment 0 of ${last}`));
  run.type('\x1b[C\x1b[C');
  let lines = await run.shows(/paused {2}moment 2 of/);
  t.regex(lines[0]!, /#loaded/);
  t.true(
    lines.some(
      (line) => line.includes('7f0000000000-7f0000010000 anonymous memory is new') || /\+ {2}7f0000000000/.test(line),
    ),
  );
  run.type('\x1b[D');
  lines = await run.shows(/paused {2}moment 1 of/);
  t.false(
    lines.some((line) => line.includes('7f0000000000')),
    'what came later is not there yet',
  );
  run.type('\x1b[F');
  await run.shows(new RegExp(`ended {2}moment ${last} of ${last}`));
  run.type('N');
  await run.shows(/paused {2}moment 2 of .*#loaded/);
  run.type('g+1s\r');
  await run.shows(/paused {2}moment 2 of/);
  run.type('g99\r');
  await run.shows(/99: it has the moments 0 to/);
  run.type('gloa');
  await run.shows(/^go to loa/);
  run.type('\x7f\x7f\x7f7\r');
  await run.shows(/paused {2}moment 7 of/);
  run.type('+++ ');
  await run.shows(new RegExp(`ended {2}moment ${last} of ${last}`));
  // It was there for less than a second.
  t.regex(run.raw, /playing ×8/);
  run.type('?');
  await run.shows(/one moment back, one moment forward/);
  run.type('x');
  run.type('q');
  t.is(await run.end(), 0);
  t.regex((await run.screen()).join('\n'), /The process ended at 0:10\.5/);
  t.false(run.isAlternate);
});

testIf('script')('the picture of a moment is the same however one got there', async (t) => {
  const {path} = await made(t);
  const stepped = new TerminalRun(t, ['replay', path], {columns: 110});
  await stepped.shows(/moment \d/);
  stepped.type('\x1b[H');
  await stepped.shows(/paused {2}moment 0 of/);
  for (let step = 1; step <= 6; step++) {
    stepped.type('.');
    await stepped.shows(new RegExp(`paused {2}moment ${step} of`));
  }
  const jumped = new TerminalRun(t, ['replay', path, '--from', 'first'], {columns: 110});
  await jumped.shows(/moment \d/);
  jumped.type('g6\r');
  // The foot is drawn last.
  const isWhole = (lines: readonly string[]): boolean =>
    /paused {2}moment 6 of/.test(lines[0]!) && lines.at(-1)!.endsWith('? help');
  const expected = await stepped.showsAll(isWhole, 'moment 6');
  t.deepEqual(await jumped.showsAll(isWhole, 'moment 6'), expected);
  jumped.type('\x03');
  stepped.type('q');
  t.is(await jumped.end(), 130);
  t.is(await stepped.end(), 0);
});

testIf('python3', 'script')('while it is recorded, m makes a mark and q ends', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl');
  const run = new TerminalRun(t, ['record', String(child.pid), '-o', path, '--interval', '50ms'], {columns: 110});
  await run.shows(/m makes a mark, q ends/);
  await run.shows(/\d+ samples?, \d+ moments?, .* resident {3}m mark {2}q end/);
  run.type('m');
  await run.shows(/1 mark,/);
  run.type('q');
  t.is(await run.end(), 0);
  t.regex((await run.screen()).join('\n'), /Recorded .*, 1 mark\./);
  t.is(readRecording(path).end?.reason, 'quit');
  const cut = new TerminalRun(t, ['record', String(child.pid), '-o', `${path}.2`, '--interval', '50ms']);
  await cut.shows(/q end/);
  cut.type('\x03');
  t.is(await cut.end(), 130);
  t.true(readRecording(`${path}.2`).isWhole);
});
