import test from 'ava';
import fc from 'fast-check';
import {renderRows, renderTable, type Cell, type Column} from '../../src/text/table.ts';

const COLUMNS: readonly Column[] = [
  {title: 'name', gives: 'cut'},
  {title: 'size', align: 'right'},
  {title: 'what', least: 40},
];

const cell = fc
  .tuple(
    fc.string({maxLength: 20, unit: fc.constantFrom('a', 'b', '/', ' ')}),
    fc.constantFrom('path', 'phrase', undefined),
  )
  .map(([text, is]): Cell => ({text: text.trim(), is}));

test('a listing looks as a table does, at any width', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), {maxLength: 30}),
      fc.option(fc.integer({min: 1, max: 90}), {nil: undefined}),
      (rows, width) => renderRows(COLUMNS, rows, width).join('\n') === renderTable(COLUMNS, rows, width).join('\n'),
    ),
  );
  t.pass();
});

// As bytes of UTF-16 taken for text are: cli-table3 would need minutes for the longest of these.
test('a table with a long name of wide or combining letters looks as a listing does', (t) => {
  for (const [unit, times] of [
    ['\u7020', 90],
    ['\u7020', 100_000],
    ['e\u0301', 100_000],
    ['x', 100_000],
  ] as const) {
    const rows: Cell[][] = [
      [{text: 'heap'}, {text: '4 KiB'}, {text: unit.repeat(times)}],
      [{text: 'stack', role: 'heap'}, {text: '8 KiB'}, {text: ''}],
    ];
    t.is(renderTable(COLUMNS, rows).join('\n'), renderRows(COLUMNS, rows).join('\n'));
  }
});

test('a column is left out where the terminal has too few', (t) => {
  const rows: Cell[][] = [[{text: 'heap'}, {text: '4 KiB'}, {text: 'memory'}]];
  t.deepEqual(renderTable(COLUMNS, rows, 40), ['name   size  what', 'heap  4 KiB  memory']);
  t.deepEqual(renderTable(COLUMNS, rows, 39), ['name   size', 'heap  4 KiB']);
  t.deepEqual(renderTable(COLUMNS, rows), renderTable(COLUMNS, rows, 40));
});
