import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {touchersOf} from '../../../../src/features/cause/recorded/touchers.ts';
import {memmap, MEMMAP} from '../../../helpers/cli.ts';
import {folder} from '../../../helpers/listings.ts';
import {has} from '../../../helpers/programs.ts';
import {conforms} from '../../../helpers/schema.ts';
import {ROOT, testIf, X64} from '../../../helpers/tools.ts';
import {until} from '../../../helpers/wait.ts';
import {acting, compiled, perfLack} from '../../../trace/target.ts';
import {recordedScene} from '../scene.ts';

const NEEDS = [X64, ROOT, 'gcc', await perfLack()] as const;
const touch = has('gcc') ? compiled('test/features/cause/touch.c') : '';

const [HALF, PAGE] = [16 * 2 ** 20, 4096];

interface Toucher {
  readonly name: string;
  readonly functions: readonly string[];
  readonly bytes: number;
}

interface Touched {
  readonly every: number;
  readonly samples: number;
  readonly page: Toucher | null;
  readonly stacks: readonly Toucher[];
}

async function touchedBy(t: ExecutionContext, file: string, address: number): Promise<Touched> {
  const ran = await memmap(['explain', file, `0x${address.toString(16)}`, '--json']);
  const document = JSON.parse(ran.stdout) as {touchedBy: Touched};
  conforms(t, 'explain', document);
  return document.touchedBy;
}

testIf(...NEEDS).serial(
  'who touched an address is known, also after it moved, and not what was mapped over',
  async (t) => {
    const file = join(folder(t), 'touch.jsonl');
    const child = await acting(t, touch);
    const words = ['record', String(child.pid), '--cause', '--touched', '--interval', '50ms', '-o', file];
    const recorder = spawn(process.execPath, [MEMMAP, ...words], {stdio: ['ignore', 'ignore', 'inherit']});
    t.teardown(() => recorder.kill('SIGKILL'));
    const ended = new Promise((resolve) => recorder.once('close', resolve));
    const lines = (): string[] => readFileSync(file, 'utf8').split('\n');
    await until(() => lines().some((line) => line.includes('"whole":true')), 'the first moment');
    const marks = async (name: string): Promise<void> => {
      recorder.kill('SIGUSR1');
      await until(() => lines().some((line) => line.includes(`"name":"${name}"`)), name);
    };
    const act = async (): Promise<number> => Number(await child.ask(''));
    const mapped = await act();
    for (let step = 0; step < 2; step++) t.is(await act(), mapped);
    await marks('mark1');
    const moved = await act();
    await marks('mark2');
    const populated = await act();
    t.is(await act(), populated);
    await marks('mark3');
    recorder.kill('SIGINT');
    await ended;
    for (const [moment, start] of [
      ['mark1', mapped],
      ['mark2', moved],
    ] as const) {
      const {samples, stacks, every} = await touchedBy(t, `${file}#${moment}`, start + PAGE);
      t.is(every, 32);
      // 8,192 faults; where others use the processors too, some samples may be lost.
      t.true(samples > 100, `${samples}`);
      const bytesOf = (some: readonly Toucher[]): number => some.reduce((sum, {bytes}) => sum + bytes, 0);
      const share = (name: string): number =>
        bytesOf(stacks.filter(({functions}) => functions.includes(name))) / bytesOf(stacks);
      for (const half of ['first_half', 'second_half']) t.true(Math.abs(share(half) - 0.5) < 0.1, `${share(half)}`);
    }
    // Each page that was sampled is of the function that touches its half.
    const sampled = lines()
      .filter((line) => line.startsWith('{"event":"touched"'))
      .flatMap((line) => (JSON.parse(line) as {pages: Array<{address: string}>}).pages)
      .map(({address}) => Number(address) - mapped);
    for (const [from, to, half] of [
      [0, HALF, 'first_half'],
      [HALF, 2 * HALF, 'second_half'],
    ] as const) {
      const offset = sampled.find((at) => at >= from && at < to)!;
      const {page} = await touchedBy(t, `${file}#mark2`, moved + offset + 8);
      t.true(page?.functions.includes(half), JSON.stringify(page));
      const {stdout} = await memmap(['explain', `${file}#mark2`, `0x${(moved + offset).toString(16)}`]);
      t.regex(
        stdout.replace(/\s+/g, ' '),
        new RegExp(`touched by This page: touch ← ${half} ← main\\. The region, by`),
      );
    }
    const own = await touchedBy(t, file, populated + HALF - PAGE);
    t.is(own.page?.name, 'mmap');
    t.is((await touchedBy(t, file, populated + PAGE)).page, null);
  },
);

test('without --touched nothing is said of it, and where nothing was sampled, that', async (t) => {
  const plain = await memmap(['explain', await recordedScene(t, {touched: false}), '0x10000000', '--json']);
  t.is((JSON.parse(plain.stdout) as {touchedBy?: object}).touchedBy, undefined);
  const file = await recordedScene(t);
  t.like(await touchedBy(t, file, 0x7f0000000000), {samples: 0, page: null, stacks: []});
  const {stdout} = await memmap(['explain', file, '0x7f0000000000']);
  t.regex(stdout.replace(/\s+/g, ' '), /touched by Not known: of one of 32 page faults that were sampled, none was of/);
  t.is((await touchedBy(t, file, 0x10000000 + 0x100000)).samples, 180);
  t.is((await touchedBy(t, `${file}#30`, 0x10000000 + 0x100000)).samples, 90);
});

/** What may happen, in pages. */
const happening = fc.record({
  is: fc.constantFrom('mapped', 'unmapped', 'moved', 'touched'),
  at: fc.integer({min: 0, max: 12}),
  to: fc.integer({min: 20, max: 32}),
  pages: fc.integer({min: 1, max: 6}),
  stack: fc.integer({min: 1, max: 3}),
});

const hex = (page: number): string => `0x${(page * PAGE).toString(16)}`;
const rangeOf = (start: number, pages: number): object => ({start: hex(start), end: hex(start + pages)});

test('what was touched is what a model of the pages has', (t) => {
  fc.assert(
    fc.property(fc.array(happening, {maxLength: 40}), (happenings) => {
      /** Each page's touches since it was mapped. */
      const model = new Map<number, number[]>();
      const stack = (id: number): object => ({event: 'stack', id, end: 'root', how: 'dwarf', frames: []});
      const documents: object[] = [stack(1), stack(2), stack(3)];
      for (const [index, {is, at, to, pages, stack: id}] of happenings.entries()) {
        const all = Array.from({length: pages}, (_, page) => at + page);
        const call = {event: 'call', mono: index, stack: id, name: 'mmap', args: [hex(at), hex(pages), '0x0', '0x22']};
        if (is === 'touched') {
          const size = PAGE;
          documents.push({
            event: 'touched',
            look: 1,
            pages: [{address: hex(at), size, every: 4, mono: index, stack: id}],
          });
          model.set(at, [...(model.get(at) ?? []), id]);
        } else if (is === 'mapped') {
          documents.push({...call, what: is, range: rangeOf(at, pages)});
          for (const page of all) model.set(page, []);
        } else if (is === 'unmapped') {
          documents.push({...call, what: is, range: rangeOf(at, pages)});
          for (const page of all) model.delete(page);
        } else {
          documents.push({...call, name: 'mremap', what: is, range: rangeOf(to, pages)});
          const moved = all.map((page, i) => [to + i, model.get(page) ?? []] as const);
          for (const page of all) model.delete(page);
          for (const [page, touches] of moved) model.set(page, touches);
        }
      }
      const lines = documents.map((document) => ({moment: 0, bytes: Buffer.from(JSON.stringify(document))}));
      const [first, last] = [10, 28];
      const range = {start: first * PAGE, end: last * PAGE};
      const found = touchersOf({beside: () => lines}, 'it', {address: first * PAGE, range, moment: 0});
      const expected = Array.from({length: last - first}, (_, page) => model.get(first + page) ?? []).flat();
      if (!found) return t.false(happenings.some(({is}) => is === 'touched'));
      t.is(found.samples, expected.length);
      for (const id of [1, 2, 3]) {
        const samples = found.by.filter(({stack: own}) => own?.id === id).reduce((sum, each) => sum + each.samples, 0);
        t.is(samples, expected.filter((own) => own === id).length);
      }
      t.is(found.page?.stack?.id, model.get(first)?.at(-1));
    }),
    {numRuns: 500},
  );
});
