import {join} from 'node:path';
import test from 'ava';
import {FamilySeries} from '../../../src/features/growth/family.ts';
import type {FamilySample, Kin} from '../../../src/model/kin/kin.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';
import {familyPython, numberFrom} from '../../procfs/families.ts';

const MIB = 2 ** 20;

const kin = (pid: number, rss: number, usage?: Kin['usage']): Kin => ({
  pid,
  startTime: pid,
  ppid: 1,
  comm: 'x',
  tie: pid === 1 ? 'first' : 'child',
  depth: pid === 1 ? 0 : 1,
  state: 'S',
  rss: rss * MIB,
  usage,
});

const sampleAt = (t: number, members: readonly Kin[], went: readonly Kin[] = []): FamilySample => ({
  t,
  members,
  came: [],
  went,
  seen: 3,
  missed: false,
  orphans: 'none',
});

test('a leak of one member is the growth of the family, and PSS says it where it was read often enough', (t) => {
  const series = new FamilySeries();
  for (let at = 0; at < 60; at++) {
    const usage = (pss: number): Kin['usage'] => ({readAt: at * 1000, regions: 1, pss: pss * MIB});
    series.add(at * 1000, sampleAt(at * 1000, [kin(1, 50, usage(20)), kin(2, 40 + at, usage(10 + at))]));
  }
  const {measure, total, members} = series.growth('rss', 65_536);
  t.deepEqual([measure, total.verdict], ['pss', 'steady growth']);
  t.true(Math.abs(total.slope!.slope * 1000 - MIB) < MIB / 100);
  t.deepEqual(
    members.map(({kin: each, verdict}) => [each!.pid, verdict]),
    [
      [2, 'steady growth'],
      [1, 'flat'],
    ],
  );
});

test('where PSS was read twice, RSS says it, which each sample has', (t) => {
  const series = new FamilySeries();
  const [early, late] = [
    {readAt: 0, regions: 1, pss: MIB},
    {readAt: 50_000, regions: 1, pss: 60 * MIB},
  ];
  for (let at = 0; at < 60; at++) {
    const usage = at < 50 ? early : late;
    series.add(at * 1000, sampleAt(at * 1000, [kin(1, 50, usage), kin(2, at < 30 ? 40 : 80, usage)]));
  }
  const {measure, total} = series.growth('pss', 65_536);
  t.deepEqual([measure, total.verdict], ['rss', 'step']);
});

test('members that were there for a moment are counted and not judged', (t) => {
  const series = new FamilySeries();
  for (let at = 0; at < 60; at++) series.add(at, sampleAt(at, [kin(1, 50), kin(100 + at, 20)], [kin(99 + at, 20)]));
  const {members, most, total} = series.growth('rss', 65_536);
  t.deepEqual([members.length, most, total.verdict], [1, 2, 'flat']);
});

testIf('python3')('growth and check find the leak of a child, live and in a recording', async (t) => {
  const leak = `
import threading
kept = []
def leak():
    while True:
        kept.append(bytearray(256 << 10))
        time.sleep(0.05)`;
  const first = await familyPython(t, leak);
  const child = await numberFrom(first, "answer = fork('threading.Thread(target=leak, daemon=True).start()')");
  const path = join(folder(t), 'leak.jsonl');
  interface Document {
    readonly family: {total: {verdict: string}; members: ReadonlyArray<{pid: number; verdict: string}>};
    readonly total: {verdict: string};
  }
  const judged = await givenTime(
    4,
    async (seconds) => {
      const args = ['--children', '--force', '-o', path, '--interval', '100ms', '--for', `${seconds}s`];
      await memmap(['record', String(first.pid), ...args]);
      return JSON.parse((await memmap(['growth', path, '--children', '--json'])).stdout) as Document;
    },
    ({family}) => family.total.verdict === 'steady growth',
  );
  conforms(t, 'growth', judged);
  t.is(judged.family.total.verdict, 'steady growth');
  t.is(judged.total.verdict, 'flat', 'the first process alone');
  t.like(judged.family.members[0], {pid: child, verdict: 'steady growth'});
  const rules = ['check', path, '--no-growth', 'rss'];
  t.deepEqual([(await memmap(rules)).code, (await memmap([...rules, '--children'])).code], [0, 1]);
  const live = await givenTime(
    4,
    (seconds) => memmap(['growth', String(first.pid), '--children', '--for', `${seconds}s`]),
    ({stdout}) => /^The family.*grows steadily/m.test(stdout),
  );
  t.regex(live.stdout, /^The family, 2 processes at most: .* grows steadily, by \+[\d.]+ MiB\/min/m);
});
