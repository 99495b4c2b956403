import test from 'ava';
import {deltaText, sizeText, spanText, timeText} from '../../src/model/amounts.ts';

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

test('times are not rounded up, and have tenths where they are asked for', (t) => {
  t.is(timeText(7590), '0:07.5');
  t.is(timeText(59_999), '0:59.9');
  t.is(timeText(754_900), '12:34');
  t.is(timeText(10_807_900), '3:00:07');
  t.is(timeText(7590, 'never'), '0:07');
  t.is(timeText(66_300, 'always'), '1:06.3');
  t.is(timeText(7_800_000, 'always'), '2:10:00.0');
});

test('a span is told in its largest unit', (t) => {
  t.deepEqual([2500, 42_000, 119_000, 240_000, 5_400_000, 7_200_000].map(spanText), [
    '2.5 s',
    '42 s',
    '119 s',
    '4 min',
    '90 min',
    '2 h',
  ]);
});
