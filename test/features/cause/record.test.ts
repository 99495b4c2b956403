import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {memmap, MEMMAP} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {has} from '../../helpers/programs.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {acting, compiled, perfLack} from '../../trace/target.ts';

const NEEDS = [X64, ROOT, 'gcc', await perfLack()] as const;
const leak = has('gcc') ? compiled('test/features/cause/leak.c') : '';

const ROUNDS = 5;
/** Bytes that malloc maps for an image. */
const IMAGE = Math.ceil((600_000 + 16) / 4096) * 4096;

interface Listing {
  readonly regions: ReadonlyArray<{
    readonly start: string;
    readonly end: string;
    readonly perms: string;
    readonly name: string;
  }>;
}

interface Grown {
  readonly byStack: {
    readonly total: {readonly last: number};
    readonly stacks: ReadonlyArray<{readonly name: string; readonly first: number; readonly last: number}>;
  };
}

interface Explained {
  readonly mappedBy?: {readonly functions: readonly string[]} | null;
}

/** What an export has of a function, in bytes. */
async function exported(file: string, name: string, measure: string): Promise<number> {
  const {stdout} = await memmap(['export', file, '--format', 'folded', '--measure', measure]);
  const lines = stdout.split('\n').filter((line) => line.split(/[; ]/).includes(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

testIf(...NEEDS).serial('a recording keeps calls, stacks and who holds what, and is read as before', async (t) => {
  for (const name of ['leak.jsonl', 'leak.jsonl.gz']) {
    const file = join(folder(t), name);
    const child = await acting(t, leak);
    const words = ['record', String(child.pid), '--cause', '--interval', '50ms', '-o', file];
    const recorder = spawn(process.execPath, [MEMMAP, ...words], {stdio: ['ignore', 'pipe', 'inherit']});
    t.teardown(() => recorder.kill('SIGKILL'));
    let said = '';
    recorder.stdout.on('data', (data: Buffer) => (said += data.toString()));
    const ended = new Promise((resolve) => recorder.once('close', resolve));
    await until(() => readFileSync(file).length > 0, 'the first moment');
    for (let round = 0; round < ROUNDS; round++) {
      const before = readFileSync(file).length;
      t.is(await child.ask(''), 'done');
      await until(() => readFileSync(file).length > before, 'another moment');
    }
    recorder.kill('SIGINT');
    t.is(await ended, 130);
    t.regex(said, /Who mapped it: /);
    t.is(await exported(file, 'image_decode', 'kept'), ROUNDS * IMAGE);
    t.is(await exported(file, 'scratch', 'mapped'), ROUNDS << 20);
    t.is(await exported(file, 'scratch', 'kept'), 0);
    for (const command of ['show', 'replay', 'growth']) {
      const ran = await memmap([command, file]);
      t.true(ran.code === 0 || ran.code === 5, `${command}: ${ran.stderr}`);
      t.notRegex(ran.stderr, /not used|could not/);
    }
    const regions = (JSON.parse((await memmap(['show', file, '--json'])).stdout) as Listing).regions;
    const grown = await memmap(['growth', file, '--by', 'stack', '--json']);
    t.is(grown.code, 0, grown.stderr);
    const {byStack} = JSON.parse(grown.stdout) as Grown;
    const image = byStack.stacks.find((stack) => stack.name.includes('image_decode'))!;
    t.like(image, {first: 0, last: ROUNDS * IMAGE, rise: ROUNDS * IMAGE});
    // All that the kernel lists is somebody's.
    const own = regions.filter(({name: named}) => named !== '[vsyscall]');
    t.is(
      byStack.total.last,
      own.reduce((sum, region) => sum + Number(region.end) - Number(region.start), 0),
    );
    const isImage = ({start: from, end, perms, name: named}: Listing['regions'][number]): boolean =>
      perms === 'rw-p' && named === '' && Number(end) - Number(from) >= IMAGE;
    const {start} = regions.find(isImage)!;
    const place = `0x${(Number(start) + 4096).toString(16)}`;
    const explained = await memmap(['explain', file, place]);
    t.regex(explained.stdout, /mapped by mmap of thread \d+, at \S+Z, with/);
    t.regex(explained.stdout.replace(/\s+/g, ' '), /: malloc ← image_decode ← handle_request ← main/);
    const document = JSON.parse((await memmap(['explain', file, place, '--json'])).stdout) as Explained;
    conforms(t, 'explain', document);
    t.true(document.mappedBy!.functions.includes('image_decode'));
    const code = regions.find(({perms}) => perms === 'r-xp')!;
    const before = await memmap(['explain', file, code.start]);
    t.regex(before.stdout, /mapped by No call of those/);
    const first = await memmap(['explain', `${file}#first`, code.start, '--json']);
    t.is((JSON.parse(first.stdout) as Explained).mappedBy, null);
    if (name.endsWith('.gz')) continue;
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const events = lines.slice(1).map((line) => JSON.parse(line) as {event: string; name?: string});
    for (const event of events) conforms(t, 'recording', event);
    t.is(events.filter((event) => event.event === 'call' && event.name === 'munmap').length, ROUNDS);
  }
});

testIf(...NEEDS).serial('run --record keeps them too', async (t) => {
  const file = join(folder(t), 'run.jsonl');
  const ran = await memmap(['run', '--cause', '--record', file, '--', leak, '20000'], {input: '\n'.repeat(ROUNDS)});
  t.is(ran.code, 0, ran.stderr);
  t.is(await exported(file, 'image_decode', 'mapped'), ROUNDS * IMAGE);
});
