import fc from 'fast-check';
import test from 'ava';
import {python} from '../../helpers/child.ts';
import {memmap, withoutRights} from '../../helpers/cli.ts';
import {testIf, unless} from '../../helpers/tools.ts';
import {cowOf, Workers} from './family.ts';

const PAGE = 4096;
const FRAMES = unless(process.getuid?.() === 0, 'only root sees page frames');

testIf('gcc', FRAMES)('what each worker copied of a known region is known to the byte', async (t) => {
  const workers = await Workers.start(t, 4, 1000);
  await workers.act('write', 1, 0, 100);
  await workers.act('write', 2, 50, 100);
  await workers.act('write', 3, 999, 1);
  const cow = await cowOf(t, [String(workers.pid)]);
  t.true(cow.exact);
  t.deepEqual(
    cow.members.map(({pid}) => pid),
    workers.pids.slice(1),
  );
  const row = workers.in(cow)!;
  const [, one, two, three] = workers.pids;
  t.deepEqual(row.by, {[one!]: 100 * PAGE, [two!]: 100 * PAGE, [three!]: PAGE});
  t.is(row.copied, 201 * PAGE);
  t.is(row.shared, (4 * 1000 - 201) * PAGE);
  t.is(row.own, 0);
  t.is(row.saved, (4 * 1000 - 201) * PAGE);
  // The zero page is nobody's, though all of them map it.
  t.false(cow.regions.some(({range}) => range.start === workers.zeros));
});

testIf('gcc', FRAMES)('huge pages are copied in small ones', async (t) => {
  const workers = await Workers.start(t, 2, 2048, {more: ['huge']});
  await workers.act('write', 1, 700, 3);
  const row = workers.in(await cowOf(t, [String(workers.pid)]))!;
  t.is(row.copied, 3 * PAGE);
  t.is(row.shared, (2 * 2048 - 3) * PAGE);
});

/** What a region is by a model of fork and write: for each page, which one each process has; 0 for none. */
class Model {
  readonly pages: number[][];
  #next = 2;

  constructor(processes: number, pages: number) {
    this.pages = Array.from({length: pages}, () => Array.from({length: processes}, () => 1));
  }

  act(what: 'write' | 'free', who: number, from: number, count: number): void {
    for (const page of this.pages.slice(from, from + count)) {
      const isShared = page.filter((id) => id === page[who]).length > 1;
      if (what === 'free') page[who] = 0;
      else if (page[who] === 0 || isShared) page[who] = this.#next++;
    }
  }

  counts(): Record<'shared' | 'copied' | 'siblings' | 'own' | 'saved', number> {
    const counts = {shared: 0, copied: 0, siblings: 0, own: 0, saved: 0};
    for (const [parent, ...workers] of this.pages) {
      const had = [parent!, ...workers].filter((id) => id !== 0);
      counts.saved += had.length - new Set(had).size;
      for (const id of workers.filter((each) => each !== 0)) {
        const isSibling = workers.filter((each) => each === id).length > 1;
        counts[id === parent ? 'shared' : parent === 0 ? 'own' : isSibling ? 'siblings' : 'copied'] += 1;
      }
    }
    return counts;
  }
}

const PAGES = 60;
const NOTHING = {shared: 0, copied: 0, siblings: 0, own: 0, saved: 0};

const acts = (processes: number) =>
  fc.array(
    fc
      .record({
        what: fc.constantFrom('write' as const, 'write' as const, 'free' as const),
        who: fc.nat(processes - 1),
        from: fc.nat(PAGES - 1),
        count: fc.integer({min: 1, max: PAGES}),
      })
      .map((act) => ({...act, count: Math.min(act.count, PAGES - act.from)})),
    {minLength: 1, maxLength: 8},
  );

testIf('gcc', FRAMES)(
  'whatever a parent and its workers write and give back, the counts are those of a model',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({min: 1, max: 4}).chain((count) => fc.tuple(fc.constant(count), acts(count + 1))),
        async ([count, all]) => {
          const workers = await Workers.start(t, count, PAGES);
          const model = new Model(count + 1, PAGES);
          for (const {what, who, from, count: pages} of all) {
            await workers.act(what, who, from, pages);
            model.act(what, who, from, pages);
          }
          const row = workers.in(await cowOf(t, [String(workers.pid)])) ?? NOTHING;
          const {shared, copied, siblings, own, saved} = row;
          const expected = Object.entries(model.counts()).map(([key, pages]) => [key, pages * PAGE]);
          t.deepEqual({shared, copied, siblings, own, saved}, Object.fromEntries(expected));
        },
      ),
      {numRuns: 8},
    );
  },
);

testIf('gcc', FRAMES)('with --for it looks twice, and a rate has its window', async (t) => {
  const workers = await Workers.start(t, 2, 1000);
  const {rate} = await cowOf(t, [String(workers.pid), '--for', '300ms']);
  t.is(rate!.copiedPerMin, Math.round((rate!.copied / rate!.ms) * 60_000));
  t.true(rate!.ms >= 300);
  t.false(rate!.regions.some(({range}) => range.start === workers.start));
  t.deepEqual(rate!.ended, []);
  const {stdout} = await memmap(['cow', String(workers.pid), '--for', '300ms']);
  t.regex(stdout, /^In [\d.]+ s (none of it was copied|.* were copied: .*\/min)/m);
});

testIf('python3', FRAMES)('python: os.fork, and an array of known size', async (t) => {
  const child = await python(t, 'page = 4096');
  // MADV_DONTDUMP: the kernel merges it with no arena of Python's, of which the workers copy some too.
  await child.ask(
    'm = mmap.mmap(-1, 500 * page, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); m.madvise(mmap.MADV_DONTDUMP); ' +
      'm.write(b"x" * (500 * page))',
  );
  await child.ask('r, w = os.pipe(); pids = []');
  await child.ask(
    `exec("for i in range(3):\\n pid = os.fork()\\n if pid == 0:\\n  [m.__setitem__(p * page, 1) for p in range(i * 40)]\\n  os.write(w, b'k')\\n  import signal; signal.pause()\\n pids.append(pid)")`,
  );
  await child.ask('got = sum(len(os.read(r, 1)) for i in range(3))');
  const [start, ...pids] = (
    await child.ask('answer = "%d %s" % (ctypes.addressof(ctypes.c_char.from_buffer(m)), " ".join(map(str, pids)))')
  ).split(' ');
  t.teardown(() => pids.forEach((pid) => process.kill(Number(pid), 'SIGKILL')));
  const {regions, members} = await cowOf(t, [String(child.pid)]);
  const row = regions.find(({range}) => BigInt(range.start) <= BigInt(start!) && BigInt(range.end) > BigInt(start!))!;
  t.is(members.length, 3);
  t.deepEqual(row.by, {[pids[1]!]: 40 * PAGE, [pids[2]!]: 80 * PAGE});
});

testIf(
  'gcc',
  'setpriv',
  FRAMES,
)('without the right to see page frames: what is copied is known, what is shared at most', async (t) => {
  const wrap = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--'];
  const workers = await Workers.start(t, 3, 1000, {wrap});
  await workers.act('write', 1, 0, 100);
  await workers.act('write', 0, 500, 10);
  const exact = await cowOf(t, [String(workers.pid)]);
  const rough = await cowOf(t, [String(workers.pid)], withoutRights);
  t.false(rough.exact);
  const [row, same] = [workers.in(rough)!, workers.in(exact)!];
  t.deepEqual(row.by, same.by);
  t.is(row.shared, same.shared);
  t.is(row.siblings, same.siblings);
  t.is(row.siblings, 30 * PAGE);
  t.true(rough.saved >= exact.saved);
  t.regex(rough.notes.join(' '), /frames are hidden without CAP_SYS_ADMIN/);
  const {stdout} = await withoutRights(['cow', String(workers.pid)]);
  t.regex(stdout.replaceAll(/\s+/g, ' '), /Forking saves at most /);
});

testIf('gcc', 'python3')('a process without a family is no error, and exec ends one', async (t) => {
  const child = await python(t, 'import subprocess');
  const alone = await memmap(['cow', String(child.pid)]);
  t.is(alone.code, 0);
  t.regex(alone.stdout, /and no workers\n/);
  const document = await cowOf(t, [String(child.pid)]);
  t.deepEqual([document.members, document.regions, document.saved], [[], [], 0]);
  await child.ask('p = subprocess.Popen(["sleep", "100"]); answer = p.pid');
  const other = await memmap(['cow', String(child.pid)]);
  t.regex(other.stdout.replaceAll(/\s+/g, ' '), /1 child runs another program \(sleep\): exec leaves nothing shared/);
  await child.ask('q = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"]); answer = q.pid');
  const begun = await cowOf(t, [String(child.pid)]);
  t.like(begun.members, [{forked: false, shared: 0, copied: 0}]);
  t.is(begun.saved, 0);
  await child.ask('p.kill(); q.kill()');
});

testIf(
  'gcc',
  'setpriv',
  FRAMES,
)('a family that may not be looked at: 4, and the message says why', async (t) => {
  const workers = await Workers.start(t, 2, 10);
  const {code, stdout, stderr} = await withoutRights(['cow', String(workers.pid)]);
  t.is(code, 4);
  t.is(stdout, '');
  t.regex(stderr, /^memmap: .+\n {2}why: .*permission denied.*\n {2}next: /m);
});

testIf('python3')('a name that all of a family have means its parent', async (t) => {
  const name = `cow${process.pid}`;
  const child = await python(t, `ctypes.CDLL(None).prctl(15, b"${name}", 0, 0, 0)`);
  await child.ask(
    'exec("for i in range(2):\\n if os.fork() == 0:\\n  ctypes.CDLL(None).prctl(1, 9)\\n  os.close(1)\\n  import signal; signal.pause()")',
  );
  const {parent, members} = await cowOf(t, [name]);
  t.is(parent?.pid, child.pid);
  t.is(members.length, 2);
});

testIf('gcc')('a worker says where its family is', async (t) => {
  const workers = await Workers.start(t, 2, 10);
  const [parent, one] = workers.pids;
  const {stdout, code} = await memmap(['cow', String(one)]);
  t.is(code, 0);
  t.regex(
    stdout.replaceAll(/\s+/g, ' '),
    new RegExp(`forked itself, from workers \\(pid ${parent}\\): .* memmap cow ${parent}`),
  );
});

test('what has no pages is refused', async (t) => {
  for (const [target, code] of [
    ['-', 2],
    ['package.json', 2],
    ['cgroup:/', 2],
    ['4194304', 3],
    ['2', 3],
  ] as const) {
    const ran = await memmap(['cow', target]);
    t.is(ran.code, code, `${target} ${ran.stderr}`);
    t.regex(ran.stderr, /^memmap: .+\n {2}why: .+\n[^]*^ {2}next: .+/m);
  }
});
