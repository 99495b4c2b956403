import test from 'ava';
import fc from 'fast-check';
import type {Json} from '../../src/model/json.ts';
import {type Region, regionJSON} from '../../src/model/region.ts';
import {Regions} from '../../src/model/columns/regions.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {Tables} from '../../src/model/columns/tables.ts';
import {applyRecord} from '../../src/recording/frames/codec.ts';
import {Encoder} from '../../src/recording/encode/encoder.ts';
import {Developer, NOTHING} from '../../src/recording/frames/frame.ts';

const PAGE = 4096;

/** Memory at one of a few places, so that most looks find something where something was before. */
const regionAt = (place: number): fc.Arbitrary<Region | undefined> =>
  fc.option(
    fc
      .record({
        pages: fc.integer({min: 1, max: 3}),
        perms: fc.constantFrom('rw-p', 'r--p', 'r-xs'),
        offset: fc.constantFrom(0, 0, PAGE),
        backing: fc.constantFrom(
          {dev: '00:00', inode: '0', name: ''},
          {dev: '00:00', inode: '0', name: '[heap]'},
          {dev: '08:01', inode: '7', name: '/lib/"x"\n.so'},
          {dev: '08:01', inode: '7', name: '/lib/\ufffd', nameBase64: 'L2xpYi//'},
        ),
        purpose: fc.constantFrom(
          {kind: 'anon' as const},
          {kind: 'heap' as const, evidence: 'its name'},
          {kind: 'thread-stack' as const, label: 'a stack'},
          {kind: 'arena' as const, label: 'arena 1', evidence: 'its shape', confidence: 'guess' as const},
        ),
        counters: fc.record(
          {rss: fc.integer({min: 0, max: 2}), swap: fc.constantFrom(0, 0, PAGE), own: fc.constantFrom(0, 1)},
          {requiredKeys: ['rss']},
        ),
        isSized: fc.boolean(),
        flags: fc.constantFrom(undefined, [], ['rd', 'wr'], ['rd', 'wr', 'nr']),
        attributes: fc.constantFrom(undefined, undefined, {thpEligible: '1'}),
      })
      .map(({pages, backing, purpose, counters, isSized, ...rest}) => {
        const start = place * 4 * PAGE;
        const size = pages * PAGE;
        const usage = {...(isSized && {size, kernelPageSize: PAGE}), ...counters};
        return {start, end: start + size, ...rest, ...backing, ...purpose, usage};
      }),
    {freq: 4, nil: undefined},
  );

const looks = fc.array(
  fc.record({
    regions: fc
      .tuple(...[0, 1, 2, 3, 4, 5].map(regionAt))
      .map((all) => all.filter((one) => one !== undefined))
      .filter((all) => all.length > 0),
    isSmaps: fc.boolean(),
    /** By address alone, or with tables that it shares with others. */
    isAlone: fc.boolean(),
    isKey: fc.boolean(),
    status: fc.record({vmRss: fc.integer({min: 1, max: 3})}),
  }),
  {minLength: 1, maxLength: 8},
);

const bare = (region: Region): Region => ({...region, usage: undefined, flags: undefined, attributes: undefined});

/** Whatever the order of its counters. */
const plain = (regions: readonly Region[]): unknown =>
  regions.map((region) => {
    const json = JSON.parse(JSON.stringify(regionJSON(region))) as Json;
    const usage = Object.entries(json['usage'] ?? {});
    return {...json, usage: usage.length > 0 ? Object.fromEntries(usage.toSorted(([a], [b]) => (a < b ? -1 : 1))) : {}};
  });

test('what a look adds to the lines before is enough to know it whole, whatever was seen before', (t) => {
  fc.assert(
    fc.property(looks, (all) => {
      const encoder = new Encoder(PAGE);
      const developer = new Developer();
      const shared = new Tables();
      let frame = NOTHING;
      for (const [index, {regions, isSmaps, isAlone, isKey, status}] of all.entries()) {
        const table = Regions.of(isSmaps ? regions : regions.map(bare), isAlone ? new Tables() : shared);
        const source = {from: 'process', format: isSmaps ? 'smaps' : 'maps'} as const;
        const snapshot = new Snapshot({source, regions: table, status, process: {pid: 1}});
        const isWhole = isKey || index === 0;
        const members = isWhole ? encoder.whole(snapshot, status) : encoder.next(snapshot, status);
        const record = JSON.parse(`{${members}}`) as Json;
        frame = applyRecord(frame, {event: isWhole ? 'key' : 'delta', t: index, ...record}, PAGE);
        const rebuilt = developer.snapshot(frame, '2026-01-31T12:00:00.000Z');
        t.deepEqual(plain(rebuilt.regions), plain(table.toArray()));
        t.is(rebuilt.source.format, source.format);
        t.deepEqual(rebuilt.status, status);
        t.is(encoder.next(snapshot, status), '', 'nothing is said twice');
      }
    }),
    {numRuns: 300},
  );
});
