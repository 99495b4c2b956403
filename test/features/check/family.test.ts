import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {Child, inState} from '../../helpers/child.ts';
import {memmap, run, withoutRights, type Ran} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';
import {familyPython, numberFrom} from '../../procfs/families.ts';

interface Document {
  readonly results: ReadonlyArray<{
    readonly verdict: string;
    readonly measured?: number;
    readonly exact: boolean;
    readonly detail?: string;
    readonly family?: {readonly processes: number};
  }>;
  readonly family?: {
    readonly processes: number;
    readonly seen: number;
    readonly missed: boolean;
    readonly members: ReadonlyArray<{pid: number; comm: string; peaks: Record<string, number>; missing?: string}>;
  };
}

const documentOf = (t: ExecutionContext, text: string): Document => {
  const document = JSON.parse(text) as Document;
  conforms(t, 'check', document);
  return document;
};

/**
 * A shell with two Pythons of 150 and 80 MB, which wait for each other; then the larger one prints the sum of the
 * kernel's VmRSS of all three, in KiB, and they stay for so many seconds.
 */
const TWO = (seconds: number): string => `
rm -f "$PLACE"; mkfifo "$PLACE"
python3 -c '
import os, sys, time
a = bytearray(150 << 20)
other = int(open(os.environ["PLACE"]).read())
pids = [int(sys.argv[1]), os.getpid(), other]
rss = lambda pid: int(next(l for l in open(f"/proc/{pid}/status") if l.startswith("VmRSS")).split()[1])
print(sum(map(rss, pids)), flush=True)
time.sleep(${seconds})' $$ &
python3 -c '
import os, time
a = bytearray(80 << 20)
open(os.environ["PLACE"], "w").write(str(os.getpid()))
time.sleep(${seconds} + 1)' &
wait`;

/** @param isSeen also: was a sample taken while both had their memory? */
async function twoPythons(
  t: ExecutionContext,
  args: readonly string[],
  isSeen: (ran: Ran) => boolean = () => true,
): Promise<Ran> {
  const PLACE = join(folder(t), 'fifo');
  return givenTime(
    1,
    (seconds) => memmap([...args, '--', 'bash', '-c', TWO(seconds)], {env: {PLACE}}),
    (ran) => ran.stdout !== '' && !ran.stderr.includes('no sample was taken') && isSeen(ran),
  );
}

/** Is a sum of resident memory about that of the kernel, which the larger Python printed? @param sum bytes */
const isTheirs = (sum: number, {stdout}: Ran): boolean => {
  const theirs = Number(stdout) * 1024;
  return Math.abs(sum - theirs) < theirs * 0.02;
};

/** The largest Python, in a table of members. */
const LARGEST = /^ *\d+ +python3 +1\d\d(\.\d)? MiB/m;

testIf('python3', 'bash')(
  'a command is counted with all that it starts, and the kernel agrees on the sum',
  async (t) => {
    const measured = (ran: Ran): number => documentOf(t, ran.stderr).results[0]!.measured ?? 0;
    const ran = await twoPythons(t, ['check', '--max', 'rss=50M', '--json'], (one) => isTheirs(measured(one), one));
    t.is(ran.code, 1, ran.stderr);
    const {results, family} = documentOf(t, ran.stderr);
    const [result] = results;
    t.like(result, {verdict: 'broken', exact: false});
    t.true(isTheirs(result!.measured!, ran), `${result!.measured} and ${ran.stdout} KiB`);
    t.true(result!.family!.processes >= 3);
    const [large, small] = family!.members;
    t.true(large!.peaks['rss']! > 150 << 20 && small!.peaks['rss']! > 80 << 20 && small!.peaks['rss']! < 120 << 20);

    const text = await twoPythons(t, ['check', '--max', 'rss=50M', '--max', 'heap=1G'], ({stderr}) =>
      LARGEST.test(stderr),
    );
    t.is(text.code, 1);
    t.regex(text.stderr, /^max rss=50M +BROKEN .* samples/m);
    t.regex(text.stderr, /^The family: \d+ processes at most.* Resident memory: added up, sampled\./m);
    t.regex(text.stderr, LARGEST);
    t.regex(text.stderr, /^"max heap=1G": of bash \(pid \d+\) alone, not of the processes that it started\.$/m);

    const alone = await twoPythons(t, ['check', '--max', 'rss=50M', '--no-children', '--json']);
    t.is(alone.code, 0, alone.stderr);
    const document = documentOf(t, alone.stderr);
    t.is(document.family, undefined);
    t.true(document.results[0]!.measured! < 50 << 20);
  },
);

testIf('python3', 'bash')('the report of a run has the peak of the family and its largest members', async (t) => {
  const inAll = /^in all   ([\d.]+) MiB resident at most, with \d+ processes: sampled, RSS added up; PSS (at least )?/m;
  const said = ({stderr}: Ran): number => Number(inAll.exec(stderr)?.[1]) * 2 ** 20;
  const ran = await twoPythons(t, ['run'], (one) => isTheirs(said(one), one) && LARGEST.test(one.stderr));
  t.true(isTheirs(said(ran), ran), `${said(ran)} and ${ran.stdout} KiB`);
  t.regex(ran.stderr, /^peak +(at least )?[\d.]+ MiB resident/m);
  t.regex(ran.stderr, LARGEST);
  const eventsOf = ({stderr}: Ran): Array<Record<string, unknown>> =>
    stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const most = (one: Ran): number =>
    Math.max(...eventsOf(one).map(({family}) => (family as {totals: {rss: number}} | undefined)?.totals.rss ?? 0));
  const json = await twoPythons(t, ['run', '--json'], (one) => isTheirs(most(one), one));
  const events = eventsOf(json);
  for (const event of events) conforms(t, 'watch-event', event);
  t.true(isTheirs(most(json), json), `${most(json)} and ${json.stdout} KiB`);
  t.true(events.some(({event}) => event === 'family'));
  const none = await twoPythons(t, ['run', '--no-children']);
  t.notRegex(none.stderr, /^(family|together) /m);
});

testIf('python3', 'setpriv')(
  'a member whose PSS may not be read: broken if the rest is too much, ok if it cannot be, else 5',
  async (t) => {
    // Without capabilities of its own, so that a reader without any may look at it; PR_SET_DUMPABLE (4) forbids the child.
    const first = await familyPython(
      t,
      `ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
mine = bytearray(40 << 20)`,
    );
    const child = await numberFrom(first, "answer = fork('own = bytearray(60 << 20); ctypes.CDLL(None).prctl(4, 0)')");
    const check = async (limit: string): Promise<Ran & {document: Document}> => {
      const ran = await withoutRights(['check', '--children', '--max', `pss=${limit}`, '--json', String(first.pid)]);
      return {...ran, document: documentOf(t, ran.stdout)};
    };
    const open = await check('60M');
    t.is(open.code, 5, open.stderr);
    t.is(open.document.results[0]!.verdict, 'not measured');
    t.true(open.document.results[0]!.detail!.includes(`python3 (${child}: not permitted)`), open.stdout);
    t.is(open.document.family!.members.find(({pid}) => pid === child)!.missing, 'denied');
    t.is((await check('20M')).code, 1, 'what is known is more');
    t.is((await check('1G')).code, 0, 'it cannot be more');
    const rss = await withoutRights(['check', '--children', '--max', 'rss=100M', String(first.pid)]);
    t.is(rss.code, 1, 'resident memory is known of all');
  },
);

testIf('python3')('a target is counted with its family where that is asked for, once or over time', async (t) => {
  const first = await familyPython(t);
  await first.ask("fork('mine = bytearray(70 << 20)')");
  const check = (args: readonly string[]): Promise<Ran> =>
    memmap(['check', '--max', 'rss=60M', String(first.pid), ...args]);
  t.is((await check([])).code, 0);
  t.is((await check(['--children'])).code, 1);
  const watched = await check(['--children', '--for', '500ms', '--json']);
  t.is(watched.code, 1);
  t.is(documentOf(t, watched.stdout).family!.processes, 2);
  const listing = join(folder(t), 'maps');
  writeFileSync(listing, readFileSync(`/proc/${first.pid}/maps`));
  const refused = await memmap(['check', '--max', 'size=1G', '--children', listing]);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /a listing is of one process/);
});

testIf(
  ROOT,
  'unshare',
  'setpriv',
)('a member that /proc hides is not 0: its number is said, and no sum is called whole', async (t) => {
  const script = `mount -t proc -o hidepid=2 proc /proc
sh -c 'sleep 1000 & echo $$ $!; exec setpriv --reuid 65534 --regid 65534 --clear-groups -- sleep 1000' &
wait`;
  const child = new Child(t, 'unshare', ['-m', '--propagation', 'private', 'sh', '-c', script]);
  const [first, hidden] = (await child.line()).split(' ').map(Number) as [number, number];
  t.teardown(() => [first, hidden].forEach((pid) => process.kill(pid, 'SIGKILL')));
  await inState(first, 'S', 'sleep');
  const enter = ['-t', String(child.pid), '-m', '--', 'setpriv', '--reuid', '65534', '--regid', '65534'];
  const args = [...enter, '--clear-groups', '--', process.execPath, `${process.cwd()}/bin/run.js`];
  const check = [...args, 'check', '--children', '--max', 'rss=1G', '--json', String(first)];
  const ran = await run('nsenter', check, {env: {HOME: '/'}, cwd: '/'});
  t.is(ran.code, 5, ran.stderr);
  const {results, family} = documentOf(t, ran.stdout);
  t.is(results[0]!.verdict, 'not measured');
  t.like(
    family!.members.find(({pid}) => pid === hidden),
    {missing: 'hidden', comm: ''},
  );
  t.true(readFileSync(`/proc/${hidden}/status`, 'latin1').includes('VmRSS'));
});
