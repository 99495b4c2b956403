import test from 'ava';
import {Checker} from '../../../src/features/check/checker.ts';
import {parseRule} from '../../../src/features/check/read-rules.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';
import {MIB, region} from '../report/scenes.ts';

/** A heap that grows by 1 MiB at each look; smaps is read at some. */
function checked(isRead: (look: number) => boolean): Record<string, {verdict: string; detail?: string | undefined}> {
  const rules = ['heap', 'rss'].map((what) => parseRule(`no-growth ${what}`));
  const checker = new Checker(rules, 65_536);
  for (let look = 0; look < 100; look++) {
    const heap = region(0x10000000, 200 * MIB, {kind: 'heap', name: '[heap]'});
    const rss = (10 + look) * MIB;
    const [format, seen] = isRead(look) ? (['smaps', {...heap, usage: {rss}}] as const) : (['maps', heap] as const);
    const snapshot = new Snapshot({
      source: {from: 'process', format},
      regions: [seen],
      process: {},
      status: {vmRss: rss},
    });
    checker.add({t: look * 1000, snapshot});
  }
  const [ofHeap, ofAll] = checker.results();
  return {heap: ofHeap!, rss: ofAll!};
}

test('a kind that was read too seldom, or not for long, is not measured; the whole is known from status', (t) => {
  t.like(
    checked(() => true),
    {heap: {verdict: 'broken'}, rss: {verdict: 'broken'}},
  );
  t.like(
    checked((look) => look % 5 === 0),
    {heap: {verdict: 'broken'}, rss: {verdict: 'broken'}},
  );
  for (const isRead of [
    (look: number) => look === 0 || look === 47,
    (look: number) => look < 40,
    (look: number) => look === 0 || look > 60,
  ]) {
    const {heap, rss} = checked(isRead);
    t.is(heap!.verdict, 'not measured');
    t.regex(heap!.detail!, /^resident memory by kind was read at \d+ of 100 samples, which is not enough/);
    t.is(rss!.verdict, 'broken');
  }
});
