import {spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {memmap, run} from '../../helpers/cli.ts';
import {files} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf, unless} from '../../helpers/tools.ts';
import {GROUP, MACHINE, NOBODY, OLD_CGROUP} from '../../parse/oom/logs.ts';

interface Document {
  readonly reports: ReadonlyArray<{
    readonly scope: string;
    readonly cgroup: string | null;
    readonly charges: Readonly<Record<string, {readonly usage: number; readonly limit?: number}>>;
    readonly victims: ReadonlyArray<{readonly pid: number; readonly name: string; readonly anon?: number}>;
    readonly tasks: ReadonlyArray<{readonly pid: number; readonly rss: number}>;
    readonly cut: boolean;
  }>;
}

const MEMORY = '/sys/fs/cgroup/memory';

const canKill = (() => {
  const name = `${MEMORY}/memmap-test-oom-${process.pid}-probe`;
  try {
    mkdirSync(name);
    rmdirSync(name);
    return spawnSync('dmesg', ['-s', '1']).status === 0;
  } catch {
    return false;
  }
})();

testIf(
  'dmesg',
  'python3',
  ROOT,
  unless(canKill, 'no cgroup of version 1 can be made here, or dmesg may not be read'),
)('a process that its cgroup killed just now: who, where, and how much it had', async (t) => {
  const name = `memmap-test-oom-${process.pid}`;
  const place = `${MEMORY}/${name}`;
  mkdirSync(place);
  writeFileSync(`${place}/memory.limit_in_bytes`, String(40 * 2 ** 20));
  // Else a machine that has swap would swap it out instead.
  writeFileSync(`${place}/memory.swappiness`, '0');
  const program =
    `import os; open(${JSON.stringify(`${place}/cgroup.procs`)}, "w").write(str(os.getpid())); print(os.getpid(), ` +
    'flush=True); b = bytearray(200 << 20)';
  const child = spawnSync('python3', ['-S', '-E', '-c', program], {encoding: 'utf8'});
  rmdirSync(place);
  t.is(child.signal, 'SIGKILL');
  const log = spawnSync('dmesg', {encoding: 'utf8', maxBuffer: 2 ** 26}).stdout;
  const ran = await memmap(['explain', '-', '--json'], {input: log});
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'oom', document);
  const report = document.reports.find(({cgroup}) => cgroup === `/${name}`)!;
  const pid = Number(child.stdout);
  t.like(report, {scope: 'cgroup', cut: false});
  t.is(report.charges['memory']!.limit, 40 * 2 ** 20);
  t.true(report.charges['memory']!.usage > 39 * 2 ** 20);
  t.deepEqual(
    report.victims.map((victim) => victim.pid),
    [pid],
  );
  // What the limit allows, but for page tables and the like; RSS has pages of files that others brought in.
  t.true(Math.abs(report.victims[0]!.anon! - 40 * 2 ** 20) < 4 * 2 ** 20);
  t.true(report.tasks.find((task) => task.pid === pid)!.rss >= report.victims[0]!.anon!);
});

test('several reports in one log: a paragraph, the tasks and the memory of each', async (t) => {
  const [log] = files(t, `boot\n${MACHINE}${OLD_CGROUP}${GROUP}${NOBODY}`);
  const ran = await memmap(['explain', log!]);
  t.is(ran.code, 0, ran.stderr);
  const text = ran.stdout.replaceAll(/\s+/g, ' ');
  t.regex(text, /1 of 4: out of memory \(line 2\) kioskd asked for a page, 4 KiB/);
  t.regex(
    text,
    /The whole machine had no more memory: of 1 GiB of RAM, 9\.8 MiB was free; of 512 MiB of swap, 12 KiB was free\./,
  );
  t.regex(
    text,
    /The kernel killed kioskd \(pid 901, user 998\) of the cgroup \/system\.slice\/kiosk\.service: 738\.3 MiB anonymous, 3\.9 MiB of files, 1\.6 MiB of page tables, 1\.1 GiB of address space\./,
  );
  t.regex(text, /1 task may not be killed \(oom_score_adj -1000\)/);
  t.regex(text, /The cgroup \/kiosk had no more memory: 10 MiB of 10 MiB\. The limit had been hit 77 times/);
  t.regex(text, /The largest was kioskd \(pid 4242\), with 10\.2 MiB/);
  t.regex(text, /8 pages in a row \(order 3\), 32 KiB .* fragmentation/);
  t.regex(text, /It killed a \(worker\) too \(pid 702, user 1000\).* too\./);
  t.regex(text, /Nobody was killed: Out of memory and no killable processes/);
  t.regex(ran.stdout, /^ *901 +742\.2 MiB +738\.3 MiB +35\.2 MiB +1\.6 MiB +0 +kioskd \(killed\)$/m);
  t.regex(ran.stdout, /^anonymous memory, tmpfs too +785\.2 MiB$/m);
});

test('parts of the memory of the machine add up to its RAM', async (t) => {
  const ran = await memmap(['explain', '-', '--json'], {input: MACHINE});
  const [{parts}] = (JSON.parse(ran.stdout) as {reports: [{parts: Array<{what: string; bytes: number}>}]}).reports;
  const all = parts.find(({what}) => what === 'RAM in all')!.bytes;
  const rest = parts.filter(({what}) => what !== 'RAM in all' && !what.startsWith('of it'));
  t.is(
    rest.reduce((sum, {bytes}) => sum + bytes, 0),
    all,
  );
});

test('a part of a report is said to be one, and ends with 5', async (t) => {
  const ran = await memmap(['explain', '-'], {input: MACHINE.split('oom-kill:')[0]!});
  t.is(ran.code, 5);
  t.regex(ran.stdout.replaceAll(/\s+/g, ' '), /Who was killed is not in the log.*its end is missing/);
});

test('a long log is read to its end; show names the command that reads it', async (t) => {
  const other = 'Nov 26 05:03:01 kiosk-7 kiosk[12]: nothing to see here, and this goes on\n'.repeat(300_000);
  const [log] = files(t, other + readFileSync('test/fixtures/oom/cgroup.txt', 'latin1'));
  const ran = await memmap(['explain', log!, '--json']);
  t.is(ran.code, 0, ran.stderr);
  t.is((JSON.parse(ran.stdout) as Document).reports.length, 1);
  const shown = await run('bash', ['-c', `tail -90 "${log}" | "${process.execPath}" bin/run.js show -`]);
  t.is(shown.code, 6);
  t.regex(shown.stderr, /memmap explain/);
});
