import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {memmap, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {has} from '../../helpers/programs.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {compiled, perfLack} from '../../trace/target.ts';
import {driven} from './driven.ts';
import {CauseEvents, sum} from './events.ts';

const NEEDS = [X64, ROOT, 'gcc', await perfLack()] as const;
const leak = has('gcc') ? compiled('test/features/cause/leak.c') : '';
const refuse = has('gcc') ? compiled('test/trace/refuse.c') : '';

const ROUNDS = 30;
/** Bytes that malloc maps for an image: its size and a header, in whole pages. */
const IMAGE = Math.ceil((600_000 + 16) / 4096) * 4096;

/** Runs a command with --cause --json. @returns its events */
async function caused(t: ExecutionContext, words: readonly string[], input = '') {
  const file = join(folder(t), 'events');
  const ran = await memmap(['run', '--cause', '--json', '--interval', '20ms', '-o', file, '--', ...words], {input});
  t.is(ran.code, 0, ran.stderr);
  return new CauseEvents(t, readFileSync(file, 'utf8'));
}

testIf(...NEEDS).serial(
  'a leak is told by its stacks: who mapped it, at the peak and at the end, to the byte',
  async (t) => {
    const place = folder(t);
    const [file, told] = [join(place, 'run.jsonl'), join(place, 'events')];
    await driven(t, {leak, file, flags: ['--touched', '--json', '-o', told], rounds: ROUNDS});
    const events = new CauseEvents(t, readFileSync(told, 'utf8'));
    const {end} = events;
    t.is(end.lost, 0);
    t.is(end.notes, undefined);
    for (const {counted, seen} of Object.values(end.calls)) t.is(counted, seen);
    t.is(end.explained, end.changed);
    t.true(end.changed > 0);
    t.true(events.changes.some(({kind}) => kind === 'grown'));
    const images = events.sharesOf('image_decode');
    t.is(sum(images, 'calls'), ROUNDS);
    t.is(sum(images, 'kept'), ROUNDS * IMAGE);
    t.is(sum(images, 'atPeak'), ROUNDS * IMAGE);
    const scratch = events.sharesOf('scratch');
    t.is(sum(scratch, 'mapped'), ROUNDS << 20);
    t.is(sum(scratch, 'kept'), 0);
    // The last round's is there when most is mapped.
    t.is(sum(scratch, 'atPeak'), 1 << 20);
    // 200 blocks of 2,000 bytes and a header of 16 a round; sbrk takes 132 KiB at a time.
    const strings = events.sharesOf('parse_string');
    t.is(sum(strings, 'mapped'), sum(strings, 'kept'));
    t.true(Math.abs(sum(strings, 'kept') - ROUNDS * 200 * 2016) < 140 * 1024);
    const [call] = [...events.calls.values()].filter(({stack}) => events.names(stack).includes('image_decode'));
    const names = events.names(call!.stack);
    t.deepEqual(names.slice(names.indexOf('image_decode'), names.indexOf('main') + 1), [
      'image_decode',
      'handle_request',
      'main',
    ]);
    t.is(events.stacks.get(call!.stack!)!.end, 'root');
    t.is(Number(call!.args![1]), IMAGE);
    t.is(call!.bytes, IMAGE);
    const touched = [sum(events.sharesOf('parse_string'), 'touched'), sum(images, 'touched')];
    const all = sum(end.shares, 'touched');
    t.true(
      Math.abs(touched[0]! / all - (ROUNDS * 400_000) / (ROUNDS * 1_000_000)) < 0.06,
      `${touched.join()} of ${all}`,
    );
    t.log({...end, shares: end.shares.length});
  },
);

testIf(...NEEDS).serial(
  'people read who mapped what, with allocators and the loader folded, or all frames',
  async (t) => {
    const input = '\n'.repeat(10);
    const {stderr, code, stdout} = await memmap(['run', '--cause', '--', leak, '1000'], {input});
    t.is(code, 0);
    t.is(stdout, `ready\n${'done\n'.repeat(10)}`);
    t.regex(stderr, /^cause {4}(\d+) of \1 memory calls were seen, none lost/m);
    t.regex(stderr, /brk: malloc ← parse_string ← json_parse ← handle_request ← main$/m);
    t.regex(stderr, /^ *5\.7 MiB .* mmap: malloc ← image_decode ← handle_request ← main$/m);
    t.regex(stderr, /mmap: scratch ← handle_request ← main$/m);
    t.regex(stderr, /mmap: the loader$/m);
    const all = await memmap(['run', '--cause', '--frames', 'all', '--', leak], {input});
    t.regex(all.stderr, /brk: s?brk ← .*malloc ← parse_string ← json_parse ← handle_request ← main ← .* ← _start$/m);
  },
);

testIf(...NEEDS, 'python3').serial('each byte of what python and node change has its call', async (t) => {
  const python =
    'import time\nkeep = []\nfor n in range(20):\n  keep.append(bytearray(300000 * (n % 4 + 1))); time.sleep(0.1)';
  const node =
    'const keep = []; let n = 0; const timer = setInterval(() => { keep.push(Buffer.alloc(1e6, 1), new ' +
    'Array(1e5).fill(n)); if (++n > 30) clearInterval(timer); }, 100)';
  for (const words of [
    [process.env['PYTHON'] ?? '/usr/bin/python3', '-c', python],
    [process.execPath, '-e', node],
  ]) {
    const {end, changes} = await caused(t, words);
    const open = changes.filter(({unexplained}) => (unexplained ?? 0) > 0);
    t.deepEqual(
      open.map(({kind, text, unexplained}) => ({kind, text, unexplained})),
      end.lost === 0 ? [] : open,
    );
    t.true(changes.length > 2);
    t.log(words[0], {changes: changes.length, changed: end.changed, explained: end.explained, lost: end.lost});
  }
});

testIf(...NEEDS, 'strace').serial('bytes that are still there are those that strace counts', async (t) => {
  const events = await caused(t, [leak], '\n'.repeat(ROUNDS));
  const log = join(folder(t), 'log');
  await run('strace', ['-o', log, '-e', 'trace=brk,mmap,munmap', leak], {input: '\n'.repeat(ROUNDS)});
  const lines = readFileSync(log, 'latin1').split('\n');
  const breaks = lines
    .flatMap((line) => /^brk\(.*\) += 0x([0-9a-f]+)/.exec(line)?.slice(1) ?? [])
    .map((hex) => Number.parseInt(hex, 16));
  t.is(
    sum(
      events.end.shares.filter(({name}) => name === 'brk'),
      'kept',
    ),
    breaks.at(-1)! - breaks[0]!,
  );
  const count = (name: string): number => lines.filter((line) => line.startsWith(`${name}(`)).length;
  for (const name of ['brk', 'mmap', 'munmap']) t.is(events.end.calls[name]!.seen, count(name), name);
});

testIf(...NEEDS).serial('without the rights it ends with 4 and says why, before the command starts', async (t) => {
  const place = folder(t);
  const words = ['run', '--cause', '-o', join(place, 'report'), '--', 'touch', join(place, 'made')];
  const ran = await run(refuse, ['1', process.execPath, 'bin/run.js', ...words]);
  t.is(ran.code, 4);
  t.regex(ran.stderr, /Cannot watch the memory calls of process \d+\.\n *why: .*seccomp filter/);
  t.regex(ran.stderr, /--cap-add PERFMON/);
  t.false(existsSync(join(place, 'made')));
  t.false(existsSync(join(place, 'report')));
});

testIf(...NEEDS).serial(
  'under a region that grew stands who mapped what it has, and what of the family is not known',
  async (t) => {
    const place = folder(t);
    const report = join(place, 'report');
    await driven(t, {leak, file: join(place, 'run.jsonl'), flags: ['-o', report], rounds: 4});
    const stderr = readFileSync(report, 'utf8');
    t.regex(
      stderr,
      /grown .* \[heap\] grew upwards.*\n   by \d+ calls of brk, thread \d+: malloc ← parse_string ← json_parse/,
    );
    t.regex(
      stderr,
      /anonymous memory grew.*\n   by \d+ calls? of mmap, thread \d+: malloc ← image_decode ← handle_request/,
    );
    t.notRegex(stderr, /were not watched/);
    const shell = await memmap(['run', '--cause', '--', 'sh', '-c', `${leak} </dev/null; ${leak} </dev/null; true`]);
    t.is(shell.code, 0);
    t.regex(shell.stderr, /^note {5}It started 2 processes: their memory calls were not watched\.$/m);
  },
);

testIf(...NEEDS)('--touched, --frames and --cause-engine need --cause', async (t) => {
  for (const flags of [['--touched'], ['--frames', 'all'], ['--cause-engine', 'perf']]) {
    const ran = await memmap(['run', ...flags, '--', 'true']);
    t.is(ran.code, 2, ran.stderr);
    t.regex(ran.stderr, /--cause/);
  }
});
