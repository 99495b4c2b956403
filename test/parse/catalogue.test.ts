import test from 'ava';
import {parseListing} from '../../src/parse/reader.ts';
import {parseStat} from '../../src/parse/proc/stat.ts';
import {parseStatus} from '../../src/parse/proc/status.ts';
import {FRAMING} from './rows-framing.ts';
import {NAMES} from './rows-names.ts';
import {NUMBERS} from './rows-numbers.ts';
import {SMAPS} from './rows-smaps.ts';
import {STATUS} from './rows-status.ts';
import {testRow} from './table.ts';
import {bytesOf} from './tools.ts';

/** Cases of the catalogue that memmap doesn't meet, and why. */
const NOT_MET: Readonly<Record<string, string>> = {
  E98: 'memmap does not read statm: status has the same figures in units that do not depend on the page size',
  E99: 'memmap does not read numa_maps',
};

const LISTINGS = [...FRAMING, ...NAMES, ...NUMBERS, ...SMAPS];

LISTINGS.forEach(testRow);

for (const row of STATUS) {
  test(`${row.id}: ${row.title}`, (t) => {
    if ('stat' in row) t.deepEqual(parseStat(bytesOf(row.input)), row.stat);
    else t.deepEqual(parseStatus(bytesOf(row.input)), row.status);
  });
}

const text = (index: number): string => (0x7f0000000000 + index * 0x2000).toString(16);

test('E18: a listing of a million regions is read whole', (t) => {
  const count = 1_000_022;
  const lines = Array.from(
    {length: count},
    (_, index) => `${text(index)}-${text(index + 0.5)} rw-p 00000000 00:00 0 \n`,
  );
  const {regions, rejected, torn} = parseListing(bytesOf(lines.join('')), 'proc');
  t.deepEqual({regions: regions.length, rejected: rejected.length, torn}, {regions: count, rejected: 0, torn: 0});
  t.true(regions.every(({start, end}, index) => start === 0x7f0000000000 + index * 0x2000 && end === start + 4096));
});

const inOrder = (ids: Iterable<string>): string[] => [...ids].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

test('no case of the catalogue from E1 to E101 is forgotten, and none is both met and not', (t) => {
  const met = new Set(['E18', ...[...LISTINGS, ...STATUS].map((row) => row.id)]);
  const all = Array.from({length: 101}, (_, index) => `E${index + 1}`);
  t.deepEqual(inOrder([...met, ...Object.keys(NOT_MET)]), all);
});
