import test from 'ava';
import {deltaText, sizeText} from '../../src/model/amounts.ts';

const ROWS: ReadonlyArray<readonly [number, string, string]> = [
  [0, '0', '0'],
  [1, '1 B', '+1 B'],
  [4096, '4 KiB', '+4 KiB'],
  [-4096, '−4 KiB', '−4 KiB'],
  [1023 * 1024, '1023 KiB', '+1023 KiB'],
  [1024 ** 2, '1 MiB', '+1 MiB'],
  [1.5 * 1024 ** 2, '1.5 MiB', '+1.5 MiB'],
  [8 * 1024 ** 3, '8 GiB', '+8 GiB'],
  [128 * 1024 ** 4, '128 TiB', '+128 TiB'],
  [2 ** 64, '16 EiB', '+16 EiB'],
];

test('sizes are said in powers of 1024, exactly below 1 MiB, and differences with their sign', (t) => {
  t.deepEqual(
    ROWS.map(([bytes]) => [bytes, sizeText(bytes), deltaText(bytes)]),
    ROWS.map((row) => [...row]),
  );
});
