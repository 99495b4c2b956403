import test from 'ava';
import fc from 'fast-check';
import {largestRows, sortedRows, type SortKey} from '../../src/model/choose.ts';
import type {Region} from '../../src/model/region.ts';
import {Regions} from '../../src/model/columns/regions.ts';
import {type ColumnName, COLUMN_NAMES, COLUMNS, type RegionColumn} from '../../src/text/columns.ts';
import {renderRegions} from '../../src/text/regions.ts';
import {renderRows} from '../../src/text/table.ts';
import {regions} from '../model/regions.ts';

const lines = (blocks: Iterable<string>): string[] => [...blocks].flatMap((block) => block.split('\n'));

/** The same regions again at higher addresses: most are like another one. */
const repeated = (list: readonly Region[], times: number): Region[] =>
  Array.from({length: times}, (_, turn) =>
    list.map((each) => ({...each, start: each.start + turn * 2 ** 42, end: each.end + turn * 2 ** 42})),
  ).flat();

test('each row is laid out as if it were made alone', (t) => {
  const columns = fc.uniqueArray(fc.constantFrom<ColumnName>(...COLUMN_NAMES, 'shortRange'), {
    minLength: 1,
    maxLength: 6,
  });
  const sort = fc.constantFrom<SortKey>('address', 'name', 'kind', 'rss', 'size');
  const width = fc.option(fc.integer({min: 20, max: 120}), {nil: undefined});
  fc.assert(
    fc.property(
      regions,
      fc.integer({min: 1, max: 9}),
      columns,
      sort,
      width,
      fc.nat(60),
      (list, times, names, by, wide, most) => {
        const all = Regions.of(repeated(list, times));
        const shown = largestRows(all, most);
        const chosen = names.map((name): RegionColumn => COLUMNS[name]);
        const cells = Array.from(sortedRows(shown, by), (row) => chosen.map(({cell}) => cell(shown.region(row))));
        const got = lines(renderRegions(all, {columns: names, sort: by, width: wide, rows: most}));
        const wanted = lines(renderRows(chosen, cells, wide));
        t.deepEqual(got.slice(0, wanted.length), wanted);
      },
    ),
    {numRuns: 500},
  );
});
