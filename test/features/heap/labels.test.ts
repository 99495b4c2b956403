import test from 'ava';
import {memmap} from '../../helpers/cli.ts';
import {files, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';
import {HeapTarget} from './target.ts';

interface Labelled {
  readonly start: string;
  readonly size: number;
  readonly perms: string;
  readonly kind: string;
  readonly label?: string;
  readonly confidence?: string;
}

interface Document {
  readonly regions: readonly Labelled[];
  readonly notes?: readonly string[];
}

async function shown(t: Parameters<typeof conforms>[0], pid: number): Promise<Document> {
  const ran = await memmap(['show', String(pid), '--heap', '--json']);
  t.is(ran.code, 0, ran.stderr);
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'snapshot', document);
  return document;
}

/** Bytes that may be used of the regions with a label, by the number of the arena in it. */
function usableBy(regions: readonly Labelled[], of: number): number[] {
  const sums: number[] = Array.from({length: of}, () => 0);
  for (const {label = '', size, perms} of regions) {
    const [, number] = /^malloc arena (\d+) of \d+/.exec(label) ?? [];
    const index = label.startsWith("malloc's main arena") ? 0 : Number(number ?? 0) - 1;
    if (index >= 0 && perms === 'rw-p') sums[index]! += size;
  }
  return sums;
}

for (const [what, how, count] of [
  ['four threads', 'threads', 5],
  ['one that outgrew its block', 'blocks', 2],
] as const)
  testIf('gcc', X64)(`each arena has what malloc_info says that it may use: ${what}`, async (t) => {
    const target = await HeapTarget.launch(t, how);
    const usable = await target.usable();
    const {regions, notes} = await shown(t, target.pid);
    t.is(usable.length, count);
    t.deepEqual(usableBy(regions, count).slice(1), usable.slice(1));
    const own = regions.filter(({label = ''}) => /^(unused part of )?malloc('s main)? arena/.test(label));
    t.true(own.every(({confidence}) => confidence === undefined));
    t.true(own.every(({kind}) => ['heap', 'arena', 'reserved'].includes(kind)));
    t.is(own.filter(({kind}) => kind === 'heap').length, 1);
    t.is(
      own.some(({label = ''}) => /, block 2 of \d+/.test(label)),
      how === 'blocks',
    );
    t.false(regions.some(({label = ''}) => label.includes("malloc's arenas")));
    t.regex(notes!.join('\n'), new RegExp(`memory was read for this: ${count} arenas of malloc`));
    const plain = await memmap(['show', String(target.pid), '--json']);
    const guesses = (JSON.parse(plain.stdout) as Document).regions.filter(({kind}) => kind === 'arena');
    t.true(
      guesses.every(({confidence}) => confidence === 'guess'),
      'without --heap nothing is read',
    );
  });

testIf('gcc', X64)('a main arena that is not in one piece has no label, and that is said', async (t) => {
  const target = await HeapTarget.launch(t, 'both');
  const {regions, notes} = await shown(t, target.pid);
  t.false(regions.some(({label}) => label === "malloc's main arena"));
  t.true(regions.some(({label}) => label === 'malloc arena 2 of 3'));
  t.regex(notes!.join('\n'), /not in one piece/);
});

test('only a live process has memory to read', async (t) => {
  const [listing] = files(t, TUTORIAL[0]) as [string];
  const ran = await memmap(['show', listing, '--heap']);
  t.is(ran.code, 2);
  t.regex(ran.stderr, /--heap can't be used with/);
});
