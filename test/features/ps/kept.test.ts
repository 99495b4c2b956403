import {chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {keptText, knownRows} from '../../../src/features/ps/kept.ts';
import type {ProcessRow} from '../../../src/model/host/processes.ts';
import {inTurn, isDue, keptFrom, type Known, LONGEST_KEPT} from '../../../src/procfs/host/known.ts';
import {memmap, MEMMAP, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';

const BOOT = {id: 'a boot', uptime: 5_000_000, now: 1000};

const bytes = fc.integer({min: 0, max: 2 ** 40});
const knowns: fc.Arbitrary<Known> = fc.record({
  pid: fc.integer({min: 1, max: 4_194_304}),
  startTime: fc.nat(),
  name: fc.string({maxLength: 15}),
  user: fc.constant(''),
  threads: fc.integer({min: 1, max: 100}),
  regions: fc.nat(65530),
  rss: bytes,
  pss: bytes,
  privateDirty: bytes,
  readAt: fc.integer({min: 1000 - LONGEST_KEPT, max: 1000}),
});

test('what one run leaves is what the next one of the same boot reads, and no other', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(knowns, {selector: ({pid}) => pid, maxLength: 20}), fc.nat(1e5), (rows, later) => {
      const text = keptText(new Map(rows.map((row) => [row.pid, row])), BOOT);
      const then = {...BOOT, uptime: BOOT.uptime + later, now: 77};
      const ages = rows.map(({readAt}) => BOOT.now - readAt! + later);
      const fresh = rows.filter((_, index) => ages[index]! <= LONGEST_KEPT);
      const found = [...knownRows(text, then).values()];
      const timeless = (some: readonly Known[]): object[] => some.map((row) => ({...row, readAt: 0}));
      t.deepEqual(timeless(found), timeless(fresh));
      for (const row of found) {
        const place = rows.findIndex(({pid}) => pid === row.pid);
        t.is(then.now - row.readAt!, ages[place]!, 'the age goes on');
      }
      t.is(knownRows(text, {...then, id: 'another'}).size, 0);
      t.is(knownRows(text, {...then, uptime: 0}).size, 0, 'nothing is read in the future');
    }),
  );
});

test('any other file is no reading', (t) => {
  const json = fc.json().map((text) => `{"memmap":"ps/2","boot":"a boot","rows":${text}}`);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), json), (text) => t.is(knownRows(text, BOOT).size, 0)));
});

test('who was never read comes first, and nobody waits for ever', (t) => {
  const sizes = fc.array(fc.integer({min: 1, max: 2 ** 30}), {minLength: 2, maxLength: 12});
  fc.assert(
    fc.property(sizes, (all) => {
      const processes = all.map((rss, index) => ({pid: index + 1, rss}));
      const known = new Map<number, Known>();
      const read = new Set<number>();
      const order: number[] = [];
      // One a round can be read.
      for (let round = 1; round <= all.length; round++) {
        const {pid, rss} = inTurn(processes, known, round * 1000)[0]!;
        known.set(pid, {pid, rss, startTime: 1, name: '', user: '', threads: 1, readAt: round * 1000});
        read.add(pid);
        order.push(rss);
      }
      t.is(read.size, all.length);
      t.deepEqual(
        order,
        order.toSorted((a, b) => b - a),
      );
    }),
  );
});

test('an earlier reading is not shown where it can not be true now', (t) => {
  const known: Known = {pid: 1, startTime: 1, name: 'a', user: '', threads: 1, pss: 8192, regions: 9, readAt: 0};
  const row: ProcessRow = {pid: 1, name: 'a', user: 'u', threads: 1, rss: 8192};
  t.like(keptFrom(known, row, 'budget', 10), {pss: 8192, rss: 8192, regions: 9, late: 'budget', readAt: 0});
  t.is(keptFrom(known, {...row, rss: 4096}, 'budget', 10), undefined, 'more PSS than is resident');
  t.is(keptFrom(known, {...row, name: 'b'}, 'budget', 10), undefined, 'another program');
  t.is(keptFrom(known, row, 'budget', LONGEST_KEPT + 1), undefined, 'too old');
  t.is(keptFrom(undefined, row, 'budget', 10), undefined);
  t.true(isDue(undefined, 1e6, 0));
  t.false(isDue(known, 10, 400), '10 ms of 400 is more than 2 %');
  t.true(isDue(known, 10, 600));
});

interface Document {
  readonly rows: ReadonlyArray<
    Readonly<Record<'pid' | 'rss' | 'pss' | 'age', number | null>> & {readonly late?: string}
  >;
  readonly budget: {readonly read: number; readonly kept: number; readonly unread: {readonly budget?: number}};
  readonly notes: readonly string[];
}

/** Four processes that hold memory, in a PID namespace with nobody else, and several runs of ps. */
const ALONE = `
for size in 140 145 150 155; do
  python3 -c "import mmap, os, signal
held = mmap.mmap(-1, $size << 20)
held.write(b'x' * len(held))
os.kill(os.getpid(), signal.SIGSTOP)" &
  until grep -q '^State:.T' /proc/$!/status; do sleep 0.05; done
done
for budget in $BUDGETS; do
  # Longer than 50 times what one reading takes: none of them is due earlier.
  sleep 0.5
  $PS --json --budget $budget --max-stall 60s | tr -d '\\n'
  echo
  stat -c %a "$XDG_RUNTIME_DIR/memmap-ps.json" 2> /dev/null || echo none
done`;

testIf(
  ROOT,
  'python3',
  'unshare',
)('a second run reads on where the first one stopped, and leaves no file once all is read', async (t) => {
  const place = folder(t);
  chmodSync(place, 0o700);
  // 16 ms a GiB: at most one or two of them, or all.
  const env = {XDG_RUNTIME_DIR: place, BUDGETS: '3.2ms 3.2ms 3.2ms 3.2ms 60s', PS: `${process.execPath} ${MEMMAP} ps`};
  const {stdout, stderr} = await run(
    'unshare',
    ['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', ALONE],
    {env},
  );
  const lines = stdout.trimEnd().split('\n');
  t.is(lines.length, 10, stderr);
  const runs = [0, 2, 4, 6, 8].map((place) => JSON.parse(lines[place]!) as Document);
  for (const document of runs) conforms(t, 'ps', document);
  const known = (document: Document) => new Map(document.rows.map(({pid, pss}) => [pid!, pss]));
  const [first, , , fourth, last] = runs as [Document, Document, Document, Document, Document];
  t.true(first.budget.unread.budget! > 0);
  t.regex(first.notes.join(' '), /The next memmap ps reads them first/);
  t.is(lines[1], '600');
  runs.slice(0, 4).reduce((before, after) => {
    const then = known(before);
    for (const row of after.rows) {
      if (row.late !== 'budget') continue;
      t.is(row.pss, then.get(row.pid!)!, 'a stopped process keeps what was read of it');
      t.true(row.age! > 0);
    }
    t.is(after.budget.kept, after.rows.filter(({late}) => late !== undefined).length);
    return after;
  });
  const large = fourth.rows.filter(({rss}) => rss! > 140 << 20);
  t.is(large.length, 4);
  for (const row of large) t.true(row.pss! > 135 << 20, 'each had its turn');
  t.true(large.some(({late}) => late === 'budget'));
  t.is(last.budget.kept, 0);
  t.deepEqual(last.budget.unread, {});
  t.is(lines[9], 'none');
});

test('nothing is left where others could read it, or through a link', async (t) => {
  const place = folder(t);
  const file = join(place, 'memmap-ps.json');
  const ps = () => memmap(['ps', '--budget', '1ms'], {env: {XDG_RUNTIME_DIR: place}});
  chmodSync(place, 0o755);
  t.is((await ps()).code, 0);
  t.false(existsSync(file));
  chmodSync(place, 0o700);
  writeFileSync(join(place, 'other'), 'mine');
  symlinkSync(join(place, 'other'), file);
  t.is((await ps()).code, 0);
  t.is(readFileSync(join(place, 'other'), 'utf8'), 'mine');
});
