import {readFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {python} from '../../helpers/child.ts';
import {memmap, withoutRights} from '../../helpers/cli.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';

interface Row {
  readonly pid: number;
  readonly held?: number | null;
  readonly heldMapped?: number | null;
  readonly gpu?: number | null;
  readonly heldComplete?: boolean;
}

interface Document {
  readonly rows: readonly Row[];
  readonly totals: {readonly held?: number | null; readonly gpu?: number | null};
  readonly unattached?: {readonly segments: number; readonly bytes: number};
  readonly notes: readonly string[];
}

async function listed(t: ExecutionContext, ...args: string[]): Promise<Document> {
  const {stdout, stderr, code} = await memmap(['ps', '--json', ...args]);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'ps', document);
  return document;
}

const MIB = 2 ** 20;

/** A parent and a child that have the same memfds; `mapped` is mapped by the child alone. */
const FAMILY = `
import mmap, time
def memfd(name, mib):
    fd = os.memfd_create(name)
    for _ in range(mib): os.write(fd, b"x" * (1 << 20))
    return fd
leak, mapped = memfd("leak", 3), memfd("mapped", 2)
ours, theirs = os.pipe()
child = os.fork()
if child == 0:
    ctypes.CDLL(None).prctl(1, 9)
    own = memfd("own", 1)
    held = mmap.mmap(mapped, 2 << 20)
    os.write(theirs, b"x")
    while True: time.sleep(1000)
os.read(ours, 1)
`;

testIf('python3')('what two processes have open counts once, and for each what it does not map', async (t) => {
  const parent = await python(t, FAMILY);
  const child = Number(await parent.ask('answer = child'));
  const {rows, totals, notes} = await listed(t, '--held', String(parent.pid), String(child));
  const row = (pid: number): Row => rows.find((each) => each.pid === pid)!;
  t.like(row(parent.pid), {held: 5 * MIB, heldMapped: 0, gpu: 0, heldComplete: true});
  t.like(row(child), {held: 4 * MIB, heldMapped: 2 * MIB, heldComplete: true});
  t.deepEqual([totals.held, totals.gpu], [4 * MIB, 0], 'one of them maps the other file');
  t.is(
    notes[0],
    'Held by descriptors: 4 MiB in 2 memfds that none of these processes maps. PSS and resident memory leave that out.',
  );
  const alone = await listed(t, '--held', String(parent.pid));
  t.true(alone.notes[0]!.startsWith('Held by descriptors: 5 MiB in 2 memfds that this process does not map.'));
  const {rows: groups} = await listed(t, '--held', '--by', 'name', String(parent.pid), String(child));
  t.like(groups, [{held: 4 * MIB, heldMapped: 2 * MIB}] as unknown as Row[]);
});

testIf('python3')('it is looked at only if it is asked for, which an order by it does', async (t) => {
  const parent = await python(t, FAMILY);
  const pids = [String(parent.pid), await parent.ask('answer = child')];
  const {rows, totals} = await listed(t, ...pids);
  t.true(rows.every((row) => !('held' in row)) && !('held' in totals));
  const sorted = await listed(t, '--sort', 'held', ...pids);
  t.deepEqual(
    sorted.rows.map(({held}) => held),
    [5 * MIB, 4 * MIB],
  );
  const {stdout} = await memmap(['ps', '--sort', 'held', ...pids]);
  t.regex(stdout, / private dirty +held +regions /);
  t.regex(stdout, /^ .* 4 MiB .* total$/m);
  const csv = await memmap(['ps', '--csv', '--held', pids[0]!]);
  t.regex(csv.stdout, /,title,held,heldMapped,gpu\r\n.*,5242880,0,0\r\n$/s);
  t.regex((await memmap(['ps', '--csv', pids[0]!])).stdout, /,title\r\n/);
});

/** The IDs of the segments that nobody has attached: shmctl(2) calls it nattch. */
const unattachedSegments = (): string[] =>
  readFileSync('/proc/sysvipc/shm', 'latin1')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, id, , , , , attached]) => (attached === '0' ? [id!] : []));

testIf('python3')('over the whole machine: nobody maps it, as far as all could be asked', async (t) => {
  const parent = await python(t, FAMILY);
  // Databases of other tests come and go.
  let segments = unattachedSegments();
  let document = await listed(t, '--held');
  for (let after = unattachedSegments(); after.join() !== segments.join(); after = unattachedSegments()) {
    segments = after;
    document = await listed(t, '--held');
  }
  const {rows, totals, notes, unattached} = document;
  t.true(rows.some(({pid, held}) => pid === parent.pid && held === 5 * MIB));
  t.true(totals.held! >= 4 * MIB);
  const said = notes.find((note) => note.startsWith('Held by descriptors: '))!;
  const unknown = rows.filter(({held}) => held === null).length;
  t.regex(said, unknown === 0 ? / that no process maps\. / : / that none of these processes is known to map\.$/);
  t.is(
    unknown > 0,
    notes.some((note) => /^What the descriptors of \d+ process/.test(note)),
  );
  t.is(unattached?.segments ?? 0, segments.length);
});

testIf(
  'python3',
  'setpriv',
  ROOT,
)('what may not be read is unknown, not none', async (t) => {
  const parent = await python(t, FAMILY);
  const {stdout, code} = await withoutRights(['ps', '--json', '--held', String(parent.pid)]);
  t.is(code, 0);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'ps', document);
  t.like(document.rows[0], {held: null, heldMapped: null, gpu: null, heldComplete: false});
  t.is(document.totals.held, null);
  t.true(
    document.notes.some((note) => note.startsWith('What descriptors hold is not known: ')),
    String(document.notes),
  );
});
