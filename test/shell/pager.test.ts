import test, {type ExecutionContext} from 'ava';
import {waitingShell} from '../helpers/child.ts';
import {memmap} from '../helpers/cli.ts';
import {TerminalRun} from '../helpers/terminal.ts';
import {testIf} from '../helpers/tools.ts';

/** A process of more regions than fit on a screen, none of which changes. */
const still = async (t: ExecutionContext): Promise<string> => String((await waitingShell(t)).pid);

/** The lines that are printed into a terminal of 20 rows, where NO_PAGER is not set. */
async function printed(t: ExecutionContext, words: readonly string[], env: object) {
  const run = new TerminalRun(t, words, {rows: 20, env: {NO_PAGER: '', ...env}});
  t.is(await run.end(), 0);
  return run.lines.filter((line) => line !== '');
}

test('what is longer than the screen goes through $PAGER', async (t) => {
  const pid = await still(t);
  t.is((await printed(t, ['show', pid], {PAGER: 'head -n 4'})).length, 3, 'four lines, and one of them is empty');
  t.true((await printed(t, ['show', pid], {PAGER: 'sed s/^/paged:/'})).every((line) => line.startsWith('paged:')));
});

test('what fits on the screen does not, and neither does JSON', async (t) => {
  const env = {PAGER: 'sed s/^/paged:/'};
  const pid = await still(t);
  for (const words of [
    ['demo', '--json'],
    ['show', pid, '--json'],
    ['show', pid, '--no-pager'],
    ['show', pid, '--kind heap'],
  ]) {
    const lines = await printed(t, words, env);
    t.false(
      lines.some((line) => line.startsWith('paged:')),
      words.join(' '),
    );
  }
});

test('NO_PAGER, an empty PAGER, and one that is not there: the whole text is printed', async (t) => {
  const words = ['show', await still(t), '--columns', 'range,perms'];
  // What other processes do moves the PSS in the head.
  const regions = async (env: object, more: readonly string[] = []): Promise<string[]> =>
    (await printed(t, [...words, ...more], env)).filter((line) => /^[0-9a-f]+-[0-9a-f]+ /.test(line));
  const whole = await regions({}, ['--no-pager']);
  t.true(whole.length > 20);
  for (const env of [{NO_PAGER: '1'}, {PAGER: ''}, {PAGER: 'cat'}, {PAGER: 'no-such-pager'}, {TERM: 'dumb'}])
    t.deepEqual(await regions(env), whole, JSON.stringify(env));
});

test('into a pipe nothing is paged', async (t) => {
  const {stdout} = await memmap(['show', await still(t)], {env: {PAGER: 'sed s/^/paged:/', NO_PAGER: ''}});
  t.false(stdout.includes('paged:'));
});

testIf('less')('less is the pager where none is named: q ends it, and the exit code is that of memmap', async (t) => {
  const run = new TerminalRun(t, ['show', await still(t)], {
    rows: 20,
    env: {NO_PAGER: '', PAGER: undefined, LESS: undefined},
  });
  const screen = await run.shows(/^:$/);
  t.regex(screen[0]!, /\(pid \d+\)/, 'it begins at the beginning');
  run.type('q');
  t.is(await run.end(), 0);
  t.is(run.modes[0], run.modes.at(-1), 'the terminal is as it was');
});
