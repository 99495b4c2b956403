import {rmSync} from 'node:fs';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {Child} from '../../helpers/child.ts';
import {memmap, MEMMAP} from '../../helpers/cli.ts';
import {files, folder, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {needs} from '../../helpers/tools.ts';

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

test('a leak of 1 MiB a second is found, with its rate and its kind', async (t) => {
  if (!needs(t, 'python3', 'python3')) return;
  const child = await leaking(t);
  const {stdout, code} = await memmap(['growth', String(child.pid), '--for', '6s', '--json']);
  t.is(code, 0);
  const {total, kinds, regions, looks, span} = documentOf(t, stdout);
  t.log(JSON.stringify({looks, span, total}));
  t.is(total.verdict, 'steady growth');
  t.true(Math.abs(total.slope!.perSecond - 2 ** 20) < 2 ** 18, String(total.slope!.perSecond));
  t.like(kinds[0], {kind: 'anon', verdict: 'steady growth'});
  t.like(regions[0], {kind: 'anon'});
});

test('a process that does nothing does not grow, and too few looks say so', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; exec sleep 60']);
  await child.line();
  await sleep(100);
  const idle = await memmap(['growth', String(child.pid), '--for', '2s', '--interval', '50ms']);
  t.is(idle.code, 0);
  t.regex(idle.stdout, /^Nothing grows: /m);
  t.notRegex(idle.stdout, /steady growth/);
  const few = await memmap(['growth', String(child.pid), '--for', '300ms', '--interval', '100ms']);
  t.is(few.code, 0);
  t.regex(few.stdout, /^Not enough data to say whether resident memory grows: (\d|1[01]) looks are too few/m);
});

test('a recording is judged as the process was, and looks at which nothing changed count', async (t) => {
  if (!needs(t, 'python3', 'python3')) return;
  const place = folder(t);
  const [leak, still] = [join(place, 'leak.jsonl'), join(place, 'still.jsonl')];
  const child = await leaking(t);
  const sleeper = new Child(t, 'sh', ['-c', 'echo ready; exec sleep 60']);
  await sleeper.line();
  await sleep(100);
  const record = (pid: number, path: string): ReturnType<typeof memmap> =>
    memmap(['record', String(pid), '-o', path, '--for', '5s', '--interval', '50ms']);
  const recordedStill = record(sleeper.pid, still);
  // Where the machine is so busy that a recorder doesn't run for a second, memory did stand still as far as it saw.
  let total: Line | undefined;
  for (let attempt = 1; attempt <= 3 && total?.verdict !== 'steady growth'; attempt++) {
    rmSync(leak, {force: true});
    await record(child.pid, leak);
    const grown = await memmap(['growth', leak, '--json', '--limit', '1G']);
    t.is(grown.code, 0, grown.stderr);
    total = documentOf(t, grown.stdout).total;
  }
  await recordedStill;
  t.is(total!.verdict, 'steady growth');
  t.true(Math.abs(total!.slope!.perSecond - 2 ** 20) < 2 ** 18, String(total!.slope!.perSecond));
  t.regex((await memmap(['growth', leak, '--limit', '1G'])).stdout, /It reaches 1 GiB in \d/);
  const flat = documentOf(t, (await memmap(['growth', still, '--json'])).stdout);
  t.is(flat.total.verdict, 'flat');
  t.true(flat.looks > 12, `${flat.looks} looks`);
});

test('one moment shows no growth: a listing and a snapshot are refused with 6, wrong words with 2', async (t) => {
  const [path] = files(t, TUTORIAL[0]);
  const refused = await memmap(['growth', path!]);
  t.is(refused.code, 6);
  t.regex(refused.stderr, /it is no recording, .*\n {2}next: .*memmap record PID/);
  t.is((await memmap(['growth', '-'], {input: TUTORIAL[0]})).code, 6);
  t.is((await memmap(['growth'])).code, 2);
  t.is((await memmap(['growth', '1', '--measure', 'weight'])).code, 2);
  t.is((await memmap(['growth', '1', '--for', 'ever'])).code, 2);
  t.is((await memmap(['growth', '2147483000'])).code, 3);
});

/** Waits until memmap holds a process: it has its folder of /proc open. */
async function attached(memmapPid: number, pid: number): Promise<void> {
  const holds = (): boolean =>
    readdirSync(`/proc/${memmapPid}/fd`).some((fd) => linkOf(`/proc/${memmapPid}/fd/${fd}`) === `/proc/${pid}/maps`);
  for (let i = 0; i < 500 && !holds(); i++) await sleep(50);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

test('Ctrl-C gives the result so far, and ends with 130', async (t) => {
  if (!needs(t, 'python3', 'python3')) return;
  const child = await leaking(t);
  const growth = spawn(process.execPath, [MEMMAP, 'growth', String(child.pid), '--for', '10m', '--interval', '50ms'], {
    stdio: 'pipe',
  });
  t.teardown(() => growth.kill('SIGKILL'));
  let output = '';
  growth.stdout.on('data', (part: Buffer) => (output += part.toString()));
  await attached(growth.pid!, child.pid);
  await sleep(2500);
  growth.kill('SIGINT');
  const [code] = (await once(growth, 'close')) as [number];
  t.is(code, 130);
  t.regex(output, /^python3 \(pid \d+\)/);
  t.regex(output, /^total /m);
});

test('a process that ends on the way is judged until then', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  const growth = spawn(process.execPath, [MEMMAP, 'growth', String(child.pid), '--for', '10m', '--interval', '50ms'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => growth.kill('SIGKILL'));
  let said = '';
  growth.stderr.on('data', (part: Buffer) => (said += part.toString()));
  await attached(growth.pid!, child.pid);
  await sleep(1500); // Its first look may not be over.
  child.process.stdin!.end('x\n');
  const [code] = (await once(growth, 'close')) as [number];
  t.is(code, 0, said);
  t.regex(said, /It ended before the time was over/);
});

test('on a terminal it fits, and the progress goes away', async (t) => {
  if (!needs(t, 'python3', 'python3') || !needs(t, 'script', 'bsdutils')) return;
  const child = await leaking(t);
  const terminal = new TerminalRun(t, ['growth', String(child.pid), '--for', '3s'], {columns: 80, rows: 40});
  await terminal.shows(/\d+ looks.* s to go/);
  t.is(await terminal.end(), 0);
  const lines = await terminal.screen();
  t.true(
    lines.some((line) => line.startsWith('It grows: ') || line.startsWith('Not enough')),
    lines.join('\n'),
  );
  t.false(lines.some((line) => line.includes('to go (Ctrl-C')));
  t.true(lines.some((line) => /^total .*%?/.test(line)));
});
