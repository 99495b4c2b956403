import {execFileSync} from 'node:child_process';
import {chmodSync, writeFileSync} from 'node:fs';
import fc from 'fast-check';
import test, {type ExecutionContext} from 'ava';
import {PeerPages} from '../../../src/model/cow/peers.ts';
import {Child} from '../../helpers/child.ts';
import {memmap, withoutRights} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf, unless} from '../../helpers/tools.ts';
import {type CowDocument, cowOf, Workers} from './family.ts';

const PAGE = 4096;
const FRAMES = unless(process.getuid?.() === 0, 'only root sees page frames');

/** The program apart.c. */
interface Apart {
  readonly pid: number;
  readonly file: string;
  readonly memory: string;
}

/** Starts it once for each `[READ, WRITTEN, OWN]`, each by itself. @param wrap what starts it: `['setpriv', …]` */
async function apart(
  t: ExecutionContext,
  all: ReadonlyArray<readonly [number, number, number]>,
  {wrap = [], name = 'apart'}: {readonly wrap?: readonly string[]; readonly name?: string} = {},
): Promise<{readonly path: string; readonly started: readonly Apart[]}> {
  const place = folder(t);
  chmodSync(place, 0o755);
  const path = `${place}/data`;
  writeFileSync(path, Buffer.alloc(100 * PAGE, 1));
  execFileSync('gcc', ['-O1', '-o', `${place}/${name}`, 'test/features/cow/apart.c']);
  const started: Apart[] = [];
  for (const pages of all) {
    const child = new Child(t, 'env', [...wrap, `${place}/${name}`, path, ...pages.map(String)]);
    const [file, memory] = (await child.line()).split(' ') as [string, string];
    started.push({pid: child.pid, file, memory});
  }
  return {path, started};
}

const EACH = [
  [50, 10, 100],
  [60, 0, 200],
  [20, 5, 300],
] as const;

/** Of the file: pages that at least two have unwritten, copied by PID, and the rest. */
function checkFile(t: ExecutionContext, {regions}: CowDocument, path: string, [a, , c]: readonly number[]): void {
  // a has 10 to 49, b 0 to 59, c 5 to 19: of these only b has 0 to 4 and 50 to 59.
  const row = regions.find(({name}) => name === path)!;
  t.is(row.shared, (40 + 45 + 15) * PAGE);
  t.is(row.own, 15 * PAGE);
  t.deepEqual(row.by, {[a!]: 10 * PAGE, [c!]: 5 * PAGE});
  t.is(row.copied, 15 * PAGE);
  t.is(row.saved, (40 + 45 + 15 - 45) * PAGE);
}

testIf('gcc', FRAMES)(
  'processes that began apart: what they share of a file, copied of it, and have alone',
  async (t) => {
    const {path, started} = await apart(t, EACH);
    const pids = started.map(({pid}) => pid);
    const cow = await cowOf(t, pids.map(String));
    t.true(cow.exact);
    t.is(cow.parent, null);
    t.deepEqual(
      cow.members.map(({pid}) => pid),
      pids,
    );
    checkFile(t, cow, path, pids);
    for (const [index, {memory}] of started.entries()) {
      const rows = cow.regions.filter(({range, name}) => name === '' && range.start === memory);
      t.true(rows.some(({shared, own}) => shared === 0 && own === EACH[index]![2] * PAGE));
    }
    const {stdout} = await memmap(['cow', ...pids.map(String)]);
    t.regex(stdout, new RegExp(`^apart \\(pids ${pids.join(', ')}\\), no parent among them\nSharing saves `));
  },
);

testIf('gcc')('a name that several processes have which began apart means all of them', async (t) => {
  const name = `ap${process.pid}`;
  const {path, started} = await apart(t, EACH, {name});
  const pids = started.map(({pid}) => pid);
  const cow = await cowOf(t, [name]);
  t.deepEqual(
    cow.members.map(({pid}) => pid),
    pids,
  );
  checkFile(t, cow, path, pids);
  const rate = await memmap(['cow', name, '--for', '1s']);
  t.is(rate.code, 2);
  t.regex(rate.stderr, /why: {2}--for takes a parent and its forked workers/);
});

testIf(
  'gcc',
  'setpriv',
  FRAMES,
)('where frames are hidden, pages of a file are known by their file', async (t) => {
  const wrap = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--'];
  const {path, started} = await apart(t, EACH, {wrap});
  const pids = started.map(({pid}) => pid);
  const cow = await cowOf(t, pids.map(String), withoutRights);
  t.false(cow.exact);
  checkFile(t, cow, path, pids);
  t.regex(cow.notes.join(' '), /frames are hidden without CAP_SYS_ADMIN.*known by their file/);
});

testIf('gcc', FRAMES)(
  'several PIDs: with the parent they are a family, without it they are compared with each other',
  async (t) => {
    const workers = await Workers.start(t, 3, 1000);
    await workers.act('write', 1, 0, 100);
    await workers.act('write', 2, 0, 30);
    const [parent, one, two] = workers.pids.map(String) as [string, string, string];
    const family = await cowOf(t, [two, parent]);
    t.is(family.parent?.pid, Number(parent));
    t.deepEqual(
      family.members.map(({pid}) => pid),
      [Number(two)],
    );
    t.is(workers.in(family)!.copied, 30 * PAGE);
    const both = await cowOf(t, [two, one, two]);
    t.is(both.parent, null);
    t.deepEqual(
      both.members.map(({pid}) => pid),
      [Number(one), Number(two)],
    );
    const rows = both.regions.filter(({range}) => range.start === workers.start);
    const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((all, row) => all + of(row), 0);
    t.is(
      sum(({shared}) => shared),
      2 * 900 * PAGE,
    );
    t.is(
      sum(({own}) => own),
      130 * PAGE - 30 * PAGE + 100 * PAGE,
    );
  },
);

testIf('gcc')('of several PIDs one that is not there ends with 3', async (t) => {
  const {started} = await apart(t, [EACH[0], EACH[1]]);
  const {code, stdout, stderr} = await memmap(['cow', ...started.map(({pid}) => String(pid)), '4194304']);
  t.deepEqual([code, stdout], [3, '']);
  t.regex(stderr, /^memmap: .*4194304.*\n {2}why: .+\n {2}next: .+/m);
});

test('whoever maps which page how often: what is shared, alone and saved is as sets have it', (t) => {
  const processes = fc.array(fc.array(fc.tuple(fc.nat(2), fc.nat(9)), {maxLength: 30}), {minLength: 1, maxLength: 5});
  fc.assert(
    fc.property(processes, (all) => {
      const pages = new PeerPages();
      const places = new Map<string, number>();
      for (const [process, mapped] of all.entries())
        for (const [region, page] of mapped) {
          const place = places.get(`${process} ${region}`) ?? pages.place();
          places.set(`${process} ${region}`, place);
          pages.add(pages.block('block'), page, process, place);
        }
      const holders = (page: number): number => all.filter((mapped) => mapped.some(([, its]) => its === page)).length;
      for (const [process, mapped] of all.entries())
        for (const region of [0, 1, 2]) {
          const place = pages.places[places.get(`${process} ${region}`) ?? -1] ?? {shared: 0, alone: 0};
          const its = mapped.filter(([where]) => where === region);
          t.is(place.shared, its.filter(([, page]) => holders(page) > 1).length);
          t.is(place.alone, its.filter(([, page]) => holders(page) === 1).length);
        }
      const distinct = new Set(all.flat().map(([, page]) => page));
      const saved = [...distinct].reduce((sum, page) => sum + holders(page) - 1, 0);
      t.is(
        pages.places.reduce((sum, place) => sum + place.saved, 0),
        saved,
      );
    }),
  );
});
