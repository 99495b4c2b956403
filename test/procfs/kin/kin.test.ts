import {execFileSync} from 'node:child_process';
import {join} from 'node:path';
import test from 'ava';
import {kinSum, type FamilySample, type KinMeasure} from '../../../src/model/kin/kin.ts';
import {KinPeaks} from '../../../src/model/kin/peaks.ts';
import {KinWatch, type KinOptions} from '../../../src/procfs/kin/kin.ts';
import {asleep, Child, inState} from '../../helpers/child.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';
import {familyPython, numberFrom} from '../families.ts';

/** Looks whatever the last look cost. */
const look = (watch: KinWatch): FamilySample => watch.look(performance.now(), undefined, true)!;

const pidsOf = ({members}: FamilySample): number[] => members.map(({pid}) => pid).sort((a, b) => a - b);

const sorted = (...pids: number[]): number[] => pids.sort((a, b) => a - b);

const follow = (pid: number, options: KinOptions = {}): KinWatch => new KinWatch(pid, options);

testIf('python3')('what a family has is what the kernel says of its members, added up', async (t) => {
  const first = await familyPython(t, "big = bytearray(b'x' * (20 << 20))");
  const child = await numberFrom(first, "answer = fork('mine = bytearray(30 << 20); told = fork()')");
  const grandchild = await numberFrom(first, 'answer = told');
  const other = await numberFrom(first, "answer = fork('big[:5 << 20] = bytes(5 << 20)')");
  const pids = [first.pid, child, grandchild, other];
  for (const pid of pids) await asleep(pid);
  const sample = look(follow(first.pid));
  t.deepEqual(pidsOf(sample), sorted(...pids));
  t.deepEqual(
    sample.members.map(({depth, tie}) => [depth, tie]),
    [
      [0, 'first'],
      [1, 'child'],
      [2, 'child'],
      [1, 'child'],
    ],
  );
  const reader = await familyPython(t);
  const list = `[${pids.join(', ')}]`;
  const lines: ReadonlyArray<readonly [KinMeasure, string, string]> = [
    ['rss', 'VmRSS', 'status'],
    ['size', 'VmSize', 'status'],
    ['swap', 'VmSwap', 'status'],
    ['privateDirty', 'Private_Dirty', 'smaps_rollup'],
  ];
  const total = async (line: string, file: string): Promise<number> =>
    (await numberFrom(reader, `answer = total(${list}, '${line}', '${file}')`)) * 1024;
  const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= Math.max(64 * 1024, b * 0.005);
  for (const [measure, line, file] of lines) {
    const [ours, theirs] = [kinSum(sample, measure).total!, await total(line, file)];
    t.true(isClose(ours, theirs), `${measure}: ${ours} and ${theirs}`);
  }
  // PSS moves when other processes that map the same files come and go: it is compared when none did in between.
  let [before, pss, after] = [0, 0, 0];
  do {
    before = await total('Pss', 'smaps_rollup');
    pss = kinSum(look(follow(first.pid)), 'pss').total!;
    after = await total('Pss', 'smaps_rollup');
  } while (!isClose(before, after));
  t.true(isClose(pss, before) || isClose(pss, after), `pss: ${pss}, between ${before} and ${after}`);
  t.is(kinSum(sample, 'threads').total, await numberFrom(reader, `answer = total(${list}, 'Threads')`));
  t.is(
    kinSum(sample, 'regions').total,
    await numberFrom(reader, `answer = sum(len(open(f'/proc/{pid}/maps').readlines()) for pid in ${list})`),
  );
});

testIf('python3')('members come and go, keep their last figures, and a zombie has ended', async (t) => {
  const first = await familyPython(t);
  const watch = follow(first.pid);
  t.deepEqual(look(watch).came, []);
  const child = await numberFrom(first, "answer = fork('mine = bytearray(30 << 20)')");
  const came = look(watch);
  t.deepEqual(
    came.came.map(({pid}) => pid),
    [child],
  );
  const {rss, usage} = came.members[1]!;
  t.true(rss! > 30 << 20 && usage!.privateDirty! > 30 << 20);
  await first.ask(`os.kill(${child}, 9); os.waitid(os.P_PID, ${child}, os.WEXITED | os.WNOWAIT)`);
  await inState(child, 'Z');
  const went = look(watch);
  t.like(went.went[0], {pid: child, rss, usage});
  t.deepEqual(pidsOf(went), [first.pid]);
  await first.ask(`os.waitpid(${child}, 0)`);
  const after = look(watch);
  t.deepEqual([after.went, after.seen, after.missed], [[], 2, false]);
});

testIf('python3')('a member stays one when its parent ends, and so do the children that it has then', async (t) => {
  const first = await familyPython(t);
  const child = await numberFrom(first, "answer = fork('told = fork()')");
  const grandchild = await numberFrom(first, 'answer = told');
  const watch = follow(first.pid);
  t.deepEqual(pidsOf(look(watch)), sorted(first.pid, child, grandchild));
  await first.ask(`end(${child})`);
  t.deepEqual(pidsOf(look(watch)), sorted(first.pid, grandchild));
  t.is(look(watch).missed, false);
});

testIf('python3')(
  'an orphan that no sample saw with its parent: found in the session, or by who took it in',
  async (t) => {
    const plain = await familyPython(t);
    const watch = follow(plain.pid);
    t.is(look(watch).orphans, 'none');
    const lost = await numberFrom(plain, 'answer = orphan()');
    const without = look(watch);
    t.deepEqual([pidsOf(without), without.missed], [[plain.pid], true], 'its parent has left page faults');
    t.truthy(lost);

    const leader = await familyPython(t, 'os.setsid()');
    const inSession = follow(leader.pid);
    t.is(look(inSession).orphans, 'session');
    const child = await numberFrom(leader, 'answer = orphan()');
    const found = look(inSession);
    t.deepEqual(pidsOf(found), sorted(leader.pid, child));
    t.is(found.members[1]!.tie, 'session');

    // A subreaper (PR_SET_CHILD_SUBREAPER is 36) that starts what is followed, as an init of a container does.
    const reaper = await familyPython(t, 'libc.prctl(36, 1)');
    const target = await numberFrom(reaper, "answer = fork('told = orphan()')");
    const adopted = await numberFrom(reaper, 'answer = told');
    const sample = look(follow(target, {adopters: [reaper.pid]}));
    t.deepEqual(pidsOf(sample), sorted(target, adopted));
    t.is(sample.members[1]!.tie, 'adopted');
  },
);

testIf('python3')('children that no sample saw are noticed by their page faults, or as zombies', async (t) => {
  const first = await familyPython(t, "import subprocess; subprocess.run(['true'])");
  const watch = follow(first.pid);
  look(watch);
  await first.ask('pass');
  t.false(look(watch).missed, 'what was before the first sample is not missed');
  await first.ask("subprocess.run(['true'])");
  t.true(look(watch).missed);
  const other = await familyPython(t);
  const second = follow(other.pid);
  look(second);
  const pid = await numberFrom(other, "answer = os.posix_spawn('/bin/true', ['true'], {})");
  await inState(pid, 'Z');
  t.true(look(second).missed);
});

testIf('gcc')(
  "a child that still runs in its parent's memory (vfork) is counted once, a forked one twice",
  async (t) => {
    const program = join(folder(t), 'lender');
    const code = `
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char *memory = malloc(64 << 20);
  memset(memory, 1, 64 << 20);
  pid_t pid = argv[1][0] == 'v' ? vfork() : fork();
  if (pid == 0) { write(1, "ready\\n", 6); for (;;) pause(); }
  for (;;) pause();
}`;
    execFileSync('gcc', ['-w', '-x', 'c', '-', '-o', program], {input: code});
    const rss = async (how: string): Promise<[number, string | undefined]> => {
      const child = new Child(t, program, [how]);
      await child.line();
      const sample = look(follow(child.pid));
      const [, other] = sample.members;
      t.teardown(() => process.kill(other!.pid, 'SIGKILL'));
      return [kinSum(sample, 'rss').total! / 2 ** 20, other!.missing];
    };
    const [lent, missing] = await rss('vfork');
    t.is(missing, 'borrowed');
    t.true(lent > 64 && lent < 80, String(lent));
    const [copied, none] = await rss('fork');
    t.is(none, undefined);
    t.true(copied > 128, String(copied));
  },
);

testIf('python3')(
  'the counters are read in turn within one budget, never-read members first, with their age',
  async (t) => {
    const first = await familyPython(t);
    for (let each = 0; each < 5; each++) await first.ask(`fork('mine = bytearray(${each + 1} << 20)')`);
    const watch = follow(first.pid, {maxDuty: 0.001});
    const samples: FamilySample[] = [];
    const begin = performance.now();
    while (performance.now() < begin + 300) {
      const sample = watch.look(performance.now() - begin);
      if (sample) samples.push(sample);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const {usageMs, usageReads} = watch.cost;
    t.true(usageReads >= 1);
    // One batch of at most 250 ms is free; after it the budget holds.
    t.true(usageReads <= 6 + 6 * Math.ceil((performance.now() - begin) * 0.001), `${usageReads} in ${usageMs} ms`);
    const last = samples.at(-1)!;
    const {total, age} = kinSum(last, 'pss');
    t.true(total === undefined || age <= last.t);
    const never = follow(first.pid, {maxDuty: 0}).look(0)!;
    t.is(kinSum(never, 'pss').total, undefined);
    t.true(kinSum(never, 'rss').total! > 0);
  },
);

test('peaks: what was never read leaves a verdict open, and what was read later does not', (t) => {
  const kin = {startTime: 1, ppid: 1, comm: 'x', tie: 'child', depth: 1, state: 'S', threads: 1, swap: 0, size: 1000};
  const member = (pid: number, rss: number, pss?: number) =>
    ({...kin, pid, rss, peak: rss, usage: pss === undefined ? undefined : {readAt: 0, regions: 1, pss}}) as const;
  const sample = (time: number, ...members: ReadonlyArray<ReturnType<typeof member>>): FamilySample =>
    ({t: time, members, came: [], went: [], seen: 2, missed: false, orphans: 'none'}) as FamilySample;
  const later = new KinPeaks();
  later.add(sample(0, member(1, 100, 60), member(2, 100)));
  t.like(later.peak('pss'), {value: 60, most: 160});
  later.add(sample(1, member(1, 100, 60), member(2, 100, 50)));
  t.like(later.peak('pss'), {value: 110, most: 110, at: 1, processes: 2});
  t.like(later.peak('rss'), {value: 200, most: 200, at: 0});
  const never = new KinPeaks();
  for (let time = 0; time < 5000; time++) never.add(sample(time, member(1, 100, 60), member(2, 100 + time)));
  t.like(never.peak('pss'), {value: 60, most: 60 + 5099});
  t.deepEqual(
    never.unread('pss').map(({pid}) => pid),
    [2],
  );
});
