import {readFileSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import type {OomReport} from '../../../src/parse/oom/report.ts';
import {hasOomReport, oomReports} from '../../../src/parse/oom/reports.ts';
import {conforms} from '../../helpers/schema.ts';
import {oomJSON} from '../../../src/features/explain/oom/json.ts';
import {GROUP, MACHINE, NOBODY, OLD_CGROUP, PREFIXES} from './logs.ts';

const KIB = 1024;
const read = (text: string) => oomReports(Buffer.from(text));
const withoutTime = (report: OomReport): OomReport => ({...report, at: ''});
const withoutLine = (report: OomReport): OomReport => ({...report, line: 1});

const withPrefix = (text: string, prefix: (index: number) => string): string =>
  text
    .split('\n')
    .map((line, index) => (line === '' ? line : prefix(index) + line))
    .join('\n');

test('a report of this machine: a real one, of a cgroup of version 1', (t) => {
  const [report, ...more] = oomReports(readFileSync('test/fixtures/oom/cgroup.txt'));
  t.deepEqual(more, []);
  t.like(report, {
    at: '21758.216003',
    line: 1,
    scope: 'cgroup',
    cgroup: '/kiosk-test',
    taskCgroup: '/kiosk-test/inner',
    isCut: false,
    pageSize: 4096,
    isPageAssumed: false,
  });
  t.like(report!.invoker, {name: 'room', gfp: 'GFP_KERNEL', order: 0, scoreAdj: 0});
  t.deepEqual(report!.charges['memory'], {usage: 2 ** 25, limit: 2 ** 25, failures: 38});
  t.deepEqual(report!.charges['kmem'], {usage: 80 * KIB, failures: 0});
  t.is(report!.memory['total_rss'], 33_472_512);
  t.deepEqual(report!.victims, [
    {
      pid: 12984,
      name: 'room',
      uid: 0,
      size: 68_968 * KIB,
      anon: 32_768 * KIB,
      file: 1216 * KIB,
      shmem: 0,
      pageTables: 100 * KIB,
      scoreAdj: 0,
    },
  ]);
  t.deepEqual(report!.tasks, [
    {
      pid: 12984,
      uid: 0,
      name: 'room',
      size: 17_242 * 4096,
      rss: 8496 * 4096,
      anon: 8192 * 4096,
      file: 304 * 4096,
      shmem: 0,
      pageTables: 102_400,
      swap: 0,
      scoreAdj: 0,
    },
  ]);
  conforms(t, 'oom', JSON.parse(JSON.stringify(oomJSON([report!], 'x'))));
});

for (const [name, prefix] of Object.entries(PREFIXES))
  test(`what a log puts before each line doesn't matter: ${name}`, (t) => {
    const all = MACHINE + OLD_CGROUP + GROUP + NOBODY;
    const plain = read(all).map(withoutTime);
    const log = withPrefix(all, prefix);
    t.true(hasOomReport(Buffer.from(log)));
    t.deepEqual(read(log).map(withoutTime), plain);
    t.deepEqual(read(log.replaceAll('\n', '\r\n')).map(withoutTime), plain);
    t.is(read(log)[0]!.at === '', name === 'nothing');
  });

test('the whole machine: RAM, swap, the task table in bytes, and who was killed', (t) => {
  const [report] = read(MACHINE);
  t.like(report, {scope: 'machine', isCut: false, taskCgroup: '/system.slice/kiosk.service', pageSize: 4096});
  t.like(report!.memory, {
    ram: 2 ** 30,
    swapTotal: 524_284 * KIB,
    swapFree: 12 * KIB,
    inactive_anon: 200_000 * 4096,
    slab_unreclaimable: 9000 * 4096,
    free: 2500 * 4096,
  });
  t.deepEqual(
    report!.tasks.map(({pid, name, rss, swap, pageTables, scoreAdj}) => [pid, name, rss, swap, pageTables, scoreAdj]),
    [
      [310, 'systemd-udevd', 900 * 4096, 100 * 4096, 81_920, -1000],
      [901, 'kioskd', 190_000 * 4096, 9000 * 4096, 1_646_592, 0],
      [955, 'kiosk helper', 3000 * 4096, 500 * 4096, 131_072, 200],
    ],
  );
});

test('an old kernel: page tables in pages, the score, and a child that was sacrificed', (t) => {
  const [report] = read(OLD_CGROUP);
  t.like(report, {scope: 'cgroup', cgroup: '/kiosk', taskCgroup: '/kiosk/inner', isCut: false});
  t.deepEqual(report!.victims, [
    {pid: 4250, name: 'kioskd', uid: 100, size: 36_000 * KIB, anon: 1900 * KIB, file: 100 * KIB, shmem: 0},
  ]);
  t.is(report!.tasks[0]!.pageTables, 30 * 4096);
});

test('memory.oom.group: all who were killed are in one report', (t) => {
  const [report, ...more] = read(GROUP);
  t.deepEqual(more, []);
  t.deepEqual(
    report!.victims.map(({pid, name}) => [pid, name]),
    [
      [701, 'worker'],
      [702, 'a (worker) too'],
    ],
  );
  t.is(report!.invoker!.order, 3);
  t.deepEqual(report!.charges['swap'], {usage: KIB * KIB, limit: KIB * KIB, failures: 5});
  t.false('pgfault' in report!.memory);
});

test('pages of 64 KiB, and nobody to kill', (t) => {
  const [report] = read(NOBODY);
  t.like(report, {pageSize: 65_536, failure: 'Out of memory and no killable processes...', isCut: false});
  t.is(report!.tasks[0]!.rss, 30 * 65_536);
});

test('a log that begins or ends within a report has a part of it, and says so', (t) => {
  const lines = MACHINE.split('\n');
  const table = lines.findIndex((line) => line.startsWith('Tasks state'));
  t.like(read(lines.slice(table).join('\n'))[0], {isCut: true, line: 1, scope: 'machine'});
  const [cut] = read(lines.slice(0, table + 3).join('\n'));
  t.like(cut, {isCut: true, victims: []});
  t.is(cut!.tasks.length, 1);
});

test('a log without a report has none', (t) => {
  t.false(hasOomReport(Buffer.from('[ 1.0] Linux version 6.12\nsshd[1]: Killed process?\n')));
  t.deepEqual(read('kernel: all is well\nmemory: fine\n'), []);
});

test('law: lines of others between those of a report change nothing', (t) => {
  const noise = fc.constantFrom(
    'usb 1-1: new high-speed USB device',
    'audit: type=1400 audit(1.2:3): memory 5',
    'systemd[1]: oomd: nothing to do',
    '',
    'eth0: 12 pages dropped',
  );
  const lines = (MACHINE + OLD_CGROUP).trim().split('\n');
  const plain = read(lines.join('\n'));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(lines.length), noise), {maxLength: 30}), (added) => {
      const log = [...lines];
      for (const [at, text] of added) log.splice(at, 0, text);
      t.deepEqual(read(log.join('\n')).map(withoutLine), plain.map(withoutLine));
    }),
    {numRuns: 100},
  );
});

test('law: whatever is cut, doubled or garbled, reports are as their schema says', (t) => {
  const lines = (MACHINE + GROUP + OLD_CGROUP + NOBODY).split('\n');
  const garbled = fc
    .constantFrom(...lines)
    .chain((line) =>
      fc
        .tuple(fc.nat(line.length), fc.constantFrom('', '99999999999999999999', '-', '\u0000', ']', 'kB'))
        .map(([at, text]) => line.slice(0, at) + text + line.slice(at + 2)),
    );
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...lines), garbled), {maxLength: 60}), (some) => {
      conforms(t, 'oom', JSON.parse(JSON.stringify(oomJSON(read(some.join('\n')), '-'))));
    }),
    {numRuns: 500},
  );
});
