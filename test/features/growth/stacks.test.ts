import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {Ledger} from '../../../src/features/cause/ledger/ledger.ts';
import type {CauseCall} from '../../../src/features/cause/news.ts';
import {Tally} from '../../../src/features/cause/tally.ts';
import {memmap} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {BLOCK_SIZE, LAST, MIB, recordedScene} from '../cause/scene.ts';

interface Line {
  readonly name?: string;
  readonly verdict: string;
  readonly first: number;
  readonly last: number;
  readonly rise: number;
  readonly slope?: {readonly perSecond: number; readonly low: number; readonly high: number};
  readonly steps?: ReadonlyArray<{readonly t: number; readonly rise: number}>;
}

interface Document {
  readonly byStack: {readonly total: Line; readonly stacks: readonly Line[]; readonly lost: number | null};
}

async function judged(t: ExecutionContext, file: string, code = 0): Promise<Document['byStack']> {
  const ran = await memmap(['growth', file, '--by', 'stack', '--json']);
  t.is(ran.code, code, ran.stderr);
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'growth', document);
  return document.byStack;
}

const PARSE = 'brk: malloc ← parse_string ← handle_request ← main';
const IMAGE = 'mmap: malloc ← image_decode ← handle_request ← main';

test('each stack has its verdict, and how much it keeps, to the byte', async (t) => {
  const file = await recordedScene(t);
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n'))
    conforms(t, 'recording', JSON.parse(line) as object);
  const {total, stacks, lost} = await judged(t, file);
  t.is(lost, 0);
  const [parse] = stacks;
  t.like(parse, {name: PARSE, verdict: 'steady growth', first: 0, last: LAST * MIB, rise: LAST * MIB});
  t.true(Math.abs(parse!.slope!.perSecond / MIB - 1) < 0.01, `${parse!.slope!.perSecond}`);
  const image = stacks.find(({name}) => name === IMAGE)!;
  t.like(image, {verdict: 'step', first: 0, last: BLOCK_SIZE});
  t.deepEqual(image.steps, [{t: 20_000, rise: BLOCK_SIZE}]);
  t.is(stacks.find(({name}) => name?.includes('onerror'))?.verdict, 'sawtooth');
  t.like(
    stacks.find(({name}) => name === 'it was there before memmap watched'),
    {verdict: 'flat', rise: 0},
  );
  t.is(total.last - total.first, LAST * MIB + BLOCK_SIZE + MIB);
  t.is(total.verdict, 'steady growth');
});

test('people read which stack keeps most; hostile names are shown as text', async (t) => {
  const file = await recordedScene(t);
  const {stdout, code} = await memmap(['growth', file, '--by', 'stack', '--limit', '1G']);
  t.is(code, 0);
  t.regex(stdout, /^It grows: address space by \+6\d(\.\d)? MiB\/min ± .*, steadily, all the time\./m);
  t.regex(stdout, /^It reaches 1 GiB in /m);
  t.regex(stdout, /^92 % of what was gained is kept by brk: malloc ← parse_string ← handle_request ← main\.$/m);
  t.regex(stdout, /^ *60 MiB +\+60 MiB +steady growth +\+60.* 0 s +92 % +brk: malloc ← parse_string/m);
  t.regex(stdout, /^ *4 MiB +\+4 MiB +step +20 s +6 % +mmap: malloc ← image_decode/m);
  t.false(stdout.includes('\u001b[31m;'));
  const all = await memmap(['growth', file, '--by', 'stack', '--frames', 'all']);
  t.regex(all.stdout, /brk: brk ← sbrk ← malloc ← parse_string/);
});

test('where calls were lost, or nobody knows how many, it is said, and ends with 5', async (t) => {
  for (const [lost, words] of [
    [3, /3 memory calls were lost/],
    [1, /1 memory call was lost/],
    [null, /How many memory calls were lost is not known/],
  ] as const) {
    const file = await recordedScene(t, {lost});
    t.is((await judged(t, file, 5)).lost, lost);
    t.regex((await memmap(['growth', file, '--by', 'stack'])).stderr, words);
  }
  t.is((await judged(t, await recordedScene(t, {isCut: true}), 5)).lost, null);
});

test('what has no memory calls is refused, and says how to have them', async (t) => {
  const plain = await memmap(['growth', await recordedScene(t, {isPlain: true}), '--by', 'stack']);
  t.is(plain.code, 6);
  t.is(plain.stdout, '');
  t.regex(plain.stderr, /recorded without --cause\.\n +next: .*memmap record PID --cause/);
  const live = await memmap(['growth', String(process.pid), '--by', 'stack']);
  t.is(live.code, 2);
  t.regex(live.stderr, new RegExp(`memmap record ${process.pid} --cause -o FILE; then: memmap growth FILE --by stack`));
  t.is((await memmap(['growth', 'test/fixtures/maps', '--by', 'stack'])).code, 2);
  t.is((await memmap(['growth', plain.stderr, '--frames', 'all'])).code, 2, '--frames needs --by');
});

test('what is told of changes adds up to what everybody has, whenever it is told', (t) => {
  const operation = fc.record({
    isMap: fc.boolean(),
    page: fc.integer({min: 0, max: 40}),
    pages: fc.integer({min: 1, max: 12}),
    stack: fc.integer({min: 1, max: 4}),
    isTold: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(operation, {maxLength: 60}), (operations) => {
      const tally = new Tally();
      const ledger = new Ledger<CauseCall>({page: 4096, regions: [{start: 0x10000, end: 0x14000}]}, (owner, bytes) =>
        tally.keep(owner, bytes),
      );
      tally.settle();
      const told = new Map<string, number>();
      const hear = (): void => {
        const news = tally.keptNews();
        if (news?.isWhole) told.clear();
        for (const {name, stack, kept} of news?.shares ?? []) told.set(`${name} ${stack?.id}`, kept);
      };
      for (const [index, {isMap, page, pages, stack: id, isTold}] of operations.entries()) {
        const [address, length, time] = [BigInt(0x10000 + page * 4096), BigInt(pages * 4096), index + 1];
        const stack = {id, end: 'root', how: 'dwarf', frames: [], hasUnnamedCode: false} as const;
        const name = isMap ? 'mmap' : 'munmap';
        const args = isMap ? [address, length, 3n, 0x32n] : [address, length];
        const call = {name, args, result: isMap ? Number(address) : 0, tid: 1, time};
        ledger.call(call, {...call, id: index, stack, inferred: false});
        tally.settle();
        if (isTold) hear();
      }
      hear();
      const has = new Map(tally.shares.map(({name, stack, kept}) => [`${name} ${stack?.id}`, kept]));
      for (const [key, kept] of has) t.is(told.get(key) ?? 0, kept, key);
      for (const [key, kept] of told) t.is(kept, has.get(key) ?? -1, key);
    }),
    {numRuns: 200},
  );
});
