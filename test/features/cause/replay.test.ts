import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Child} from '../../helpers/child.ts';
import {memmap, MEMMAP} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {has} from '../../helpers/programs.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {acting, compiled, perfLack} from '../../trace/target.ts';
import {driven} from './driven.ts';
import {CauseEvents} from './events.ts';

const NEEDS = [X64, ROOT, 'gcc', await perfLack()] as const;
const leak = has('gcc') ? compiled('test/features/cause/leak.c') : '';

const ROUNDS = 6;

/** Whose the changes are, by which they are compared. */
const told = ({changes, calls}: CauseEvents): object[] =>
  changes
    .filter(({kind}) => kind !== 'touched')
    .map(({kind, text, causes, unexplained}) => ({
      kind,
      text,
      unexplained,
      causes: causes!.map(({call, bytes}) => ({bytes, id: call, ...calls.get(call)})),
    }));

async function replayed(t: ExecutionContext, file: string): Promise<CauseEvents> {
  const {stdout, stderr, code} = await memmap(['replay', file, '--json']);
  t.is(code, 0, stderr);
  return new CauseEvents(t, stdout);
}

testIf(...NEEDS).serial('a replay says of each change what the run had said of it', async (t) => {
  const place = folder(t);
  const [file, events] = [join(place, 'run.jsonl'), join(place, 'events')];
  await driven(t, {leak, file, flags: ['--touched', '--json', '-o', events], rounds: ROUNDS});
  const [live, later] = [new CauseEvents(t, readFileSync(events, 'utf8')), await replayed(t, file)];
  t.true(told(live).length > 2);
  t.deepEqual(told(later), told(live));
  t.deepEqual(later.end, live.end);
  for (const [id, stack] of later.stacks) t.deepEqual(stack, live.stacks.get(id));
});

/** Records a process with --cause, while it does some rounds. */
async function recorded(t: ExecutionContext, child: Child, file: string, ...flags: readonly string[]): Promise<void> {
  const words = ['record', String(child.pid), '--cause', '--interval', '50ms', '-o', file, ...flags];
  const recorder = spawn(process.execPath, [MEMMAP, ...words], {stdio: ['ignore', 'pipe', 'inherit']});
  t.teardown(() => recorder.kill('SIGKILL'));
  const ended = new Promise((resolve) => recorder.once('close', resolve));
  const lines = (): string[] => {
    try {
      return readFileSync(file, 'utf8').split('\n');
    } catch {
      return []; // It is not there yet.
    }
  };
  const before = lines().length;
  // The books have begun.
  await until(
    () =>
      lines()
        .slice(before)
        .some((line) => line.includes('"whole":true')),
    'the first moment',
  );
  for (let round = 0; round < 4; round++) {
    const count = lines().length;
    t.is(await child.ask(''), 'done');
    // In between samples that are due anyway.
    if (round % 2 === 0) recorder.kill('SIGUSR1');
    await until(
      () =>
        lines()
          .slice(count - 1)
          .some((line) => line.startsWith('{"event":"causes"')),
      'its causes',
    );
  }
  recorder.kill('SIGINT');
  t.is(await ended, 130);
}

testIf(...NEEDS).serial('samples of marks have their causes too, and so has what is appended', async (t) => {
  const file = join(folder(t), 'marks.jsonl');
  const child = await acting(t, leak);
  await recorded(t, child, file);
  const {changes, end} = await replayed(t, file);
  t.true(changes.length > 2);
  for (const change of changes) if (change.kind !== 'touched') t.is(change.unexplained, 0, change.text);
  t.is(end.lost, 0);
  const once = changes.length;
  // What it does while nobody records is nobody's.
  t.is(await child.ask(''), 'done');
  await recorded(t, child, file, '--append');
  const {stdout} = await memmap(['replay', file, '--json']);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as {event: string; id?: number; changes?: Array<{kind: string; causes?: object}>});
  for (const event of ['stack', 'call']) {
    const ids = events.filter((each) => each.event === event).map(({id}) => id);
    t.is(new Set(ids).size, ids.length, `${event}: each id once`);
  }
  const caused = events.flatMap((event) => event.changes ?? []).filter(({kind}) => kind !== 'touched');
  const open = caused.filter(({causes}) => !causes);
  t.true(open.length > 0 && open.length < 4, `${open.length} of ${caused.length}`);
  t.true(caused.length > once);
});
