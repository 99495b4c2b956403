import {chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {childrenIn, scannedChildren} from '../../../src/procfs/kin/family.ts';
import {asleep, Child, python, waitingShell} from '../../helpers/child.ts';
import {memmap, MEMMAP, run, withoutRights} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {whileSteady} from '../../helpers/wait.ts';

interface Family {
  readonly processes: ReadonlyArray<{
    pid: number;
    ppid: number;
    depth: number;
    comm: string;
    title?: string;
    threads: number;
    regions?: number;
    usage?: Record<string, number>;
    missing?: string;
    note?: string;
  }>;
  readonly totals: {processes: number; counted: number; regions: number; usage: Record<string, number>};
}

/** Forks: the child runs `code`, says what it called `told`, and waits for its parent's end. */
const FORK = `
import signal, time
def fork(code='pass'):
    global told
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        libc = ctypes.CDLL(None); libc.prctl(1, 9)
        exec(code, globals())
        os.write(theirs, str(globals().get('told', 0)).encode())
        while True: time.sleep(1000)
    told = int(os.read(ours, 99))
    return pid
`;

/** A family of five: a Python, three children, and a grandchild of the first. */
async function family(t: ExecutionContext): Promise<{parent: Child; pids: number[]}> {
  const parent = await python(t, `${FORK}\nheld = bytearray(b'x' * (20 << 20))`);
  const answer = await parent.ask(
    "first = fork('told = fork()'); grand = told; second = fork('held[:5 << 20] = bytes(5 << 20)'); third = " +
      'fork(); answer = f"{first} {grand} {second} {third}"',
  );
  const [first, grand, second, third] = answer.split(' ').map(Number) as [number, number, number, number];
  const pids = [parent.pid, first, grand, second, third];
  for (const pid of pids) await asleep(pid);
  return {parent, pids};
}

async function read(t: ExecutionContext, pid: number): Promise<Family> {
  const {stdout, stderr, code} = await memmap(['show', String(pid), '--children', '--json']);
  t.deepEqual([code, stderr], [0, '']);
  const document = JSON.parse(stdout) as Family;
  conforms(t, 'family', document);
  return document;
}

testIf('python3')('a family is counted once: PSS adds up to what its memory is, resident to far more', async (t) => {
  const {parent, pids} = await family(t);
  const counts = (pid: number): unknown => ({
    pid,
    regions: readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n').length - 1,
    anonymous: 1024 * Number(/^Anonymous: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))![1]),
  });
  const [{processes, totals}, kernel] = await whileSteady(
    () => pids.map(counts),
    () => read(t, parent.pid),
  );
  t.is(processes.length, pids.length);
  t.true(processes.every(({pid}) => pids.includes(pid)));
  const [, first, grand, second] = pids;
  t.deepEqual(
    pids.map((pid) => processes.find((each) => each.pid === pid)!.depth),
    [0, 1, 2, 1, 1],
  );
  const place = (pid: number | undefined): number => processes.findIndex((each) => each.pid === pid);
  t.is(place(parent.pid), 0);
  t.is(place(second), 1, 'the one with memory of its own is the first of the children');
  t.is(place(grand), place(first) + 1, 'a child follows its parent');
  const children = processes.filter(({depth}) => depth === 1).map(({usage}) => usage!['pss']!);
  t.deepEqual(
    children,
    children.toSorted((a, b) => b - a),
  );
  t.is(totals.counted, 5);
  for (const counter of ['rss', 'pss', 'privateDirty']) {
    t.is(
      processes.reduce((sum, {usage}) => sum + usage![counter]!, 0),
      totals.usage[counter]!,
      counter,
    );
  }
  const said = new Map(processes.map(({pid, regions, usage}) => [pid, {pid, regions, anonymous: usage!['anonymous']}]));
  t.deepEqual(
    pids.map((pid) => said.get(pid)),
    kernel as never,
  );
  // 20 MiB are shared by five, and one has 5 MiB of them for itself.
  const MIB = 1 << 20;
  t.true(totals.usage['rss']! > 100 * MIB);
  t.true(totals.usage['pss']! > 25 * MIB && totals.usage['pss']! < 80 * MIB, String(totals.usage['pss']));
  t.true(processes[1]!.usage!['privateDirty']! >= 5 * MIB);
  const {stdout} = await memmap(['show', String(parent.pid), '--children']);
  t.regex(stdout, /^python3 \(pid \d+\) and 4 descendants$/m);
  t.regex(stdout, new RegExp(`^ *${grand} .*iB {6}\\S*python3`, 'm'), 'a grandchild is indented twice');
  t.regex(stdout, /^ *total +5 +[\d,]+ /m);
  const bySize = await memmap(['show', String(parent.pid), '--children', '--sort', 'rss', '--json']);
  const rss = (JSON.parse(bySize.stdout) as Family).processes.filter(({depth}) => depth === 1);
  t.deepEqual(
    rss.map(({usage}) => usage!['rss']!),
    rss.map(({usage}) => usage!['rss']!).toSorted((a, b) => b - a),
  );
  const byAddress = await memmap(['show', String(parent.pid), '--children', '--sort', 'address']);
  t.is(byAddress.code, 2);
  t.regex(byAddress.stderr, /Processes can't be sorted by address/);
});

/** Forks, and writes another title over its arguments, as setproctitle(3) does. */
const TITLED = `
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  int ends[2];
  char byte;
  pipe(ends);
  pid_t pid = fork();
  char *end = argv[argc - 1] + strlen(argv[argc - 1]);
  if (pid == 0) {
    memset(argv[0], 0, end - argv[0]);
    strcpy(argv[0], "worker: \\033[31mred");
    write(ends[1], "", 1);
    for (;;) pause();
  }
  read(ends[0], &byte, 1);
  printf("%d\\n", pid);
  fflush(stdout);
  for (;;) pause();
}
`;

testIf('gcc', 'ps')('members have the titles that ps shows, and no byte that a terminal would obey', async (t) => {
  const place = folder(t);
  writeFileSync(join(place, 'titled.c'), TITLED);
  t.is((await run('gcc', ['-o', join(place, 'titled'), join(place, 'titled.c')])).code, 0);
  const parent = new Child(t, join(place, 'titled'), ['--user', 'somebody', '', 'with a blank', 'x'.repeat(200)]);
  const pid = Number(await parent.line());
  t.teardown(() => process.kill(pid, 'SIGKILL'));
  const {processes} = await read(t, parent.pid);
  const ps = async (each: number): Promise<string> =>
    (await run('ps', ['-ww', '-o', 'args=', '-p', String(each)])).stdout.trimEnd();
  t.deepEqual(
    processes.map((each) => [each.pid, each.title!.replace('\x1b', '?'), each.threads]),
    [
      [parent.pid, await ps(parent.pid), 1],
      [pid, (await ps(pid)).replace(/[^ -~]/, '?'), 1],
    ],
  );
  const {stdout} = await memmap(['show', String(parent.pid), '--children']);
  t.regex(stdout, /iB {4}worker: \\x1b\[31mred$/m);
  t.true(stdout.includes('x'.repeat(200)), 'into a pipe a title is whole');
  for (const columns of [60, 80, 100, 140]) {
    const shown = new TerminalRun(t, ['show', String(parent.pid), '--children'], {columns});
    t.is(await shown.end(), 0);
    t.deepEqual(
      shown.lines.filter((line) => line.length > columns),
      [],
    );
    t.true(
      shown.lines.some((line) => /^ *\d+ .*…$/.test(line)),
      'a long title is cut at its end',
    );
  }
});

testIf('python3', 'ps')("the kernel's lists of children, a look at all parents, and ps agree", async (t) => {
  const {parent, pids} = await family(t);
  for (const pid of pids.slice(0, 2)) {
    const theirs = (await run('ps', ['-o', 'pid=', '--ppid', String(pid)])).stdout
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
    t.deepEqual(
      childrenIn('/proc')(pid),
      theirs.sort((a, b) => a - b),
    );
    t.deepEqual(scannedChildren('/proc')(pid), theirs);
  }
  t.deepEqual(
    childrenIn('/proc')(parent.pid),
    [pids[1]!, pids[3]!, pids[4]!].sort((a, b) => a - b),
  );
});

test('memmap is not of the family of the shell that it was started from', async (t) => {
  // Until it executes sleep, the child is a shell.
  const isSleep = 'until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done';
  const script = `sleep 100 & ${isSleep}; ${process.execPath} ${MEMMAP} show $$ --children --json; kill $!`;
  const {stdout} = await run('sh', ['-c', script]);
  const {processes} = JSON.parse(stdout) as Family;
  t.deepEqual(
    processes.map(({comm}) => comm),
    ['sh', 'sleep'],
  );
});

testIf('python3')('children of other threads than the first belong to the family', async (t) => {
  const parent = await python(t, `${FORK}\nimport threading`);
  const pid = Number(
    await parent.ask(
      'out = []; thread = threading.Thread(target=lambda: (out.append(fork()), time.sleep(1000)), daemon=True); ' +
        "thread.start(); exec('while not out: time.sleep(0.01)'); answer = out[0]",
    ),
  );
  t.is(readdirSync(`/proc/${parent.pid}/task`).length, 2);
  const {processes} = await read(t, parent.pid);
  t.deepEqual(
    processes.map((process) => process.pid),
    [parent.pid, pid],
  );
});

testIf('python3')('a zombie is in the family, has no memory, and is no fault', async (t) => {
  const parent = await python(t, FORK);
  const pid = Number(
    await parent.ask('pid = fork(); os.kill(pid, 9); os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT); answer = pid'),
  );
  const {processes, totals} = await read(t, parent.pid);
  t.like(processes[1], {pid, missing: 'ended'});
  t.deepEqual([totals.processes, totals.counted], [2, 1]);
});

testIf('python3', 'setpriv')(
  'a child that may not be read is named with the reason, and the total is said to be too low',
  async (t) => {
    // Without capabilities of its own, so that a reader without any may look at it; PR_SET_DUMPABLE (4) forbids the child.
    const parent = await python(
      t,
      `${FORK}\nctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())`,
    );
    const pid = Number(await parent.ask(`answer = fork('ctypes.CDLL(None).prctl(4, 0)')`));
    const {stdout, stderr, code} = await withoutRights(['show', String(parent.pid), '--children']);
    t.is(code, 5, stderr);
    t.regex(stdout, new RegExp(`^ *${pid} .* \\(not permitted\\) \\S*python3 `, 'm'));
    t.regex(stdout, new RegExp(`^${pid}: permission denied`, 'm'));
    t.regex(stdout, /too low: 1 more could not be counted/);
    t.regex(stderr, /CAP_SYS_PTRACE/);
  },
);

testIf('python3', 'setpriv')(
  'a first process that may not be read ends with 4, and what can be seen is shown',
  async (t) => {
    const child = await python(t);
    await child.ask('ctypes.CDLL(None).prctl(4, 0); held = bytearray(9 << 20)');
    const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
    const text = await withoutRights(['show', String(child.pid)]);
    t.is(text.code, 4);
    t.regex(text.stdout, new RegExp(`^python3 \\(pid ${child.pid}\\), sleeping`, 'm'));
    const mib = Number(/^VmSize:\s+(\d+)/m.exec(status)![1]) / 1024;
    t.regex(text.stdout, new RegExp(`^VmSize +${mib.toFixed(1).replace(/\.0$/, '')} MiB`, 'm'));
    t.regex(text.stdout, /^Not seen: its regions/m);
    t.regex(text.stderr, /why: {2}permission denied[^]*next: [^]*CAP_SYS_PTRACE/);
    const json = await withoutRights(['show', String(child.pid), '--json']);
    t.is(json.code, 4);
    const document = JSON.parse(json.stdout) as {regions: unknown[]; notes: string[]; status: Record<string, number>};
    conforms(t, 'snapshot', document);
    t.deepEqual([document.regions, document.status['vmSize']], [[], mib * 1024 * 1024]);
    t.regex(document.notes.join(), /permission denied/);
    t.is((await withoutRights(['show', String(child.pid), '--children'])).code, 4);
  },
);

testIf('setpriv')(
  'where maps may be read and smaps may not, regions are shown without memory, and why is said',
  async (t) => {
    const root = folder(t);
    const pid = String((await waitingShell(t)).pid);
    mkdirSync(join(root, pid));
    for (const file of ['maps', 'stat', 'status'])
      writeFileSync(join(root, pid, file), readFileSync(`/proc/${pid}/${file}`));
    const missing = await withoutRights(['show', pid, '--proc-root', root]);
    t.regex(
      missing.stderr,
      /^memmap: Resident memory was not read: there is no smaps: the kernel was built without CONFIG_PROC_PAGE_MONITOR\.$/m,
    );
    t.regex(missing.stdout, /^range +size +perms +kind +name$/m);
    t.regex(missing.stdout, /^Resident in total: [\d.]+ MiB \(VmRSS of status\)\.$/m);
    writeFileSync(join(root, pid, 'smaps'), '');
    chmodSync(join(root, pid, 'smaps'), 0o000);
    const denied = await withoutRights(['show', pid, '--proc-root', root]);
    t.regex(denied.stderr, /^memmap: Resident memory was not read: permission denied .* CAP_SYS_PTRACE/m);
    t.deepEqual([missing.code, denied.code, denied.stdout === missing.stdout], [0, 0, true]);
  },
);
