import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Child, inState} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {files, folder, TUTORIAL} from '../../helpers/listings.ts';
import {growthCode} from '../../helpers/growth.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';

interface Line {
  readonly kind?: string;
  readonly verdict: string;
  readonly slope?: {perSecond: number; low: number; high: number};
  readonly rise: number;
}

interface Document {
  readonly looks: number;
  readonly span: number;
  readonly total: Line;
  readonly kinds: readonly Line[];
  readonly regions: readonly Line[];
}

/** 1 MiB a second, in steps of 64 KiB by the clock; what is late is made up for. */
const LEAK = `
import mmap, time
kept, begin = [], time.monotonic()
print("ready", flush=True)
while True:
    while len(kept) < (time.monotonic() - begin) * 16:
        m = mmap.mmap(-1, 65536, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for at in range(0, 65536, 4096): m[at] = 1
        kept.append(m)
    time.sleep(0.01)
`;

/** Growth by what the program takes. Where it did not run for long, too little of it was seen. */
const isTheLeak = ({verdict, slope}: Line): boolean =>
  verdict === 'steady growth' && Math.abs(slope!.perSecond - 2 ** 20) < 2 ** 18;

async function leaking(t: ExecutionContext): Promise<Child> {
  const child = new Child(t, 'python3', ['-c', LEAK]);
  await child.line();
  return child;
}

const documentOf = (t: ExecutionContext, text: string): Document => {
  const document = JSON.parse(text) as Document;
  conforms(t, 'growth', document);
  return document;
};

testIf('python3')('a leak of 1 MiB a second is found, with its rate and its kind', async (t) => {
  const child = await leaking(t);
  const {total, kinds, regions, looks, span} = await givenTime(
    5,
    async (seconds) => {
      const args = ['--for', `${seconds}s`, '--max-duty', '50', '--json'];
      const {stdout, code} = await memmap(['growth', String(child.pid), ...args]);
      t.is(code, growthCode(stdout));
      return documentOf(t, stdout);
    },
    (document) => isTheLeak(document.total) && document.kinds[0]?.verdict === 'steady growth',
  );
  t.log(JSON.stringify({looks, span, total}));
  t.is(total.verdict, 'steady growth');
  t.true(Math.abs(total.slope!.perSecond - 2 ** 20) < 2 ** 18, String(total.slope!.perSecond));
  t.like(kinds[0], {kind: 'anon', verdict: 'steady growth'});
  t.like(regions[0], {kind: 'anon'});
});

/** A process that does nothing. */
async function idling(t: ExecutionContext): Promise<Child> {
  const child = new Child(t, 'sleep', ['600']);
  await inState(child.pid, 'S', 'sleep');
  return child;
}

test('a process that does nothing does not grow, and too few samples say so', async (t) => {
  const child = await idling(t);
  const idle = await givenTime(
    2,
    (seconds) => memmap(['growth', String(child.pid), '--for', `${seconds}s`, '--interval', '50ms']),
    ({stdout}) => !stdout.includes('Not enough data'),
  );
  t.is(idle.code, growthCode(idle.stdout));
  t.regex(idle.stdout, /^Nothing grows: /m);
  t.notRegex(idle.stdout, /steady growth/);
  const few = await memmap(['growth', String(child.pid), '--for', '300ms', '--interval', '100ms']);
  t.is(few.code, 5, 'a verdict that could not be had');
  t.regex(
    few.stdout,
    /^Not enough data to say whether resident memory grows: (1 sample is|(\d|1[01]) samples are) too few/m,
  );
});

testIf('python3')('a recording is judged as the process was, and looks at which nothing changed count', async (t) => {
  const place = folder(t);
  const [leak, still] = [join(place, 'leak.jsonl'), join(place, 'still.jsonl')];
  const child = await leaking(t);
  const sleeper = await idling(t);
  const recorded =
    (pid: number, path: string, ...flags: string[]) =>
    async (seconds: number): Promise<Document> => {
      const args = ['-o', path, '--force', '--for', `${seconds}s`, '--interval', '50ms'];
      t.is((await memmap(['record', String(pid), ...args])).code, 0);
      const {code, stderr, stdout} = await memmap(['growth', path, '--json', ...flags]);
      t.is(code, growthCode(stdout), stderr);
      return documentOf(t, stdout);
    };
  // Where the machine is so busy that a recorder doesn't run for a second, memory did stand still as far as it saw.
  const [{total}, flat] = await Promise.all([
    givenTime(5, recorded(child.pid, leak, '--limit', '1G'), ({total: grown}) => isTheLeak(grown)),
    givenTime(2, recorded(sleeper.pid, still), ({looks, total: {verdict}}) => looks > 12 && verdict === 'flat'),
  ]);
  t.is(total.verdict, 'steady growth');
  t.true(Math.abs(total.slope!.perSecond - 2 ** 20) < 2 ** 18, String(total.slope!.perSecond));
  t.regex((await memmap(['growth', leak, '--limit', '1G'])).stdout, /It reaches 1 GiB in \d/);
  t.is(flat.total.verdict, 'flat');
  t.true(flat.looks > 12, `${flat.looks} looks`);
});

test('one moment shows no growth: a listing and a snapshot are refused with 6, wrong words with 2', async (t) => {
  const [path] = files(t, TUTORIAL[0]);
  const refused = await memmap(['growth', path!]);
  t.is(refused.code, 6);
  t.regex(refused.stderr, /it is not a recording, .*\n {2}next: .*memmap record PID/);
  t.is((await memmap(['growth', '-'], {input: TUTORIAL[0]})).code, 6);
  t.is((await memmap(['growth'])).code, 2);
  t.is((await memmap(['growth', '1', '--measure', 'weight'])).code, 2);
  t.is((await memmap(['growth', '1', '--for', 'ever'])).code, 2);
  t.is((await memmap(['growth', '2147483000'])).code, 3);
});

/** `growth` on a terminal, where it says how many looks it has made. */
const growing = (t: ExecutionContext, pid: number, duration: string): TerminalRun =>
  new TerminalRun(t, ['growth', String(pid), '--for', duration, '--interval', '50ms'], {columns: 100, rows: 60});

testIf('python3', 'script')('Ctrl-C gives the result so far, and ends with 130', async (t) => {
  const child = await leaking(t);
  const growth = growing(t, child.pid, '10m');
  await growth.shows(/^(1[2-9]|[2-9]\d|\d{3,}) samples/);
  process.kill(growth.pid, 'SIGINT');
  t.is(await growth.end(), 130);
  const output = growth.lines.join('\n');
  t.regex(output, /python3 \(pid \d+\)/);
  t.regex(output, /^total /m);
});

testIf('script')('a process that ends on the way is judged until then', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  const growth = growing(t, child.pid, '10m');
  await growth.shows(/^(1[2-9]|[2-9]\d|\d{3,}) samples/);
  child.process.stdin!.end('x\n');
  const code = await growth.end();
  const said = growth.lines.join('\n');
  t.is(code, growthCode(said), said);
  t.regex(said, /It ended before the time was up/);
});

testIf('script')('the progress stays on one line of a narrow terminal', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  const words = ['growth', String(child.pid), '--for', '10m', '--interval', '50ms'];
  const terminal = new TerminalRun(t, words, {columns: 40, rows: 30});
  const lines = await terminal.shows(/^\d{2,} samples.*…$/);
  t.is(lines.filter((line) => line.includes('samples')).length, 1);
  child.process.stdin!.end('x\n');
  await terminal.end();
});

testIf('python3', 'script')('on a terminal it fits, and the progress goes away', async (t) => {
  const child = await leaking(t);
  const terminal = new TerminalRun(t, ['growth', String(child.pid), '--for', '3s'], {columns: 80, rows: 40});
  const code = await terminal.end();
  t.regex(terminal.raw, /\d+ samples?.* s to go/);
  const lines = await terminal.screen();
  const sentence = lines.find((line) => line.startsWith('It grows: ') || line.startsWith('Not enough')) ?? '';
  t.is(code, sentence.startsWith('It grows') ? 0 : 5, lines.join('\n'));
  t.false(lines.some((line) => line.includes('to go (Ctrl-C')));
  t.true(lines.some((line) => /^total .*%?/.test(line)));
});
