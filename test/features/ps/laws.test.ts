import test from 'ava';
import fc from 'fast-check';
import {csv} from '../../../src/features/ps/csv.ts';
import {sorted} from '../../../src/features/ps/choose.ts';
import {groupedBy, GROUPINGS, type ProcessRow, rowJSON, sumOf, UNREAD} from '../../../src/model/host/processes.ts';

const bytes = fc.integer({min: 0, max: 2 ** 40});
const few = fc.constantFrom('a', 'b', 'c');

const process: fc.Arbitrary<ProcessRow> = fc
  .record({
    pid: fc.integer({min: 1, max: 4_194_304}),
    name: few,
    user: few,
    unit: fc.option(few, {nil: undefined}),
    container: fc.option(few, {nil: undefined}),
    cgroup: fc.option(few, {nil: undefined}),
    threads: fc.integer({min: 1, max: 1000}),
    size: bytes,
    rss: bytes,
    swap: bytes,
    pss: bytes,
    privateDirty: bytes,
    regions: fc.integer({min: 1, max: 65530}),
    unread: fc.option(fc.constantFrom(...UNREAD), {nil: undefined}),
  })
  .map((row) => (row.unread ? {...row, pss: undefined, privateDirty: undefined, regions: undefined} : row));

const processes = fc.array(process, {maxLength: 40});

test('each process is in one group, and the groups add up to what the processes do', (t) => {
  for (const by of GROUPINGS) {
    if (by === 'process') continue;
    const law = fc.property(processes, (rows) => {
      const groups = groupedBy(rows, by);
      t.deepEqual(sumOf(groups), sumOf(rows));
      t.is(
        groups.reduce((sum, {members}) => sum + members.length, 0),
        rows.length,
      );
      t.true(groups.every(({group, members}) => members.every((member) => member[by] === group)));
      t.is(new Set(groups.map(({group}) => group)).size, groups.length);
    });
    fc.assert(law);
  }
});

test('sorting loses no row, and a process that was not read stands where its RSS puts it', (t) => {
  fc.assert(
    fc.property(processes, (rows) => {
      const list = sorted(rows, 'pss');
      t.true(list.length === rows.length && rows.every((row) => list.includes(row)));
      const weights = list.map((row) => row.pss ?? row.rss!);
      t.deepEqual(
        weights,
        weights.toSorted((a, b) => b - a),
      );
    }),
  );
});

test('a measure that was not read is null in JSON, and never 0', (t) => {
  fc.assert(
    fc.property(process, (row) => {
      const document = rowJSON(row, 0);
      t.is(document['pss'], row.unread ? null : row.pss);
      t.is(document['unread'], row.unread ?? null);
    }),
  );
});

/** Fields of a line as RFC 4180 has them. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
  );

test('CSV keeps what is in a title, and no cell is a formula', (t) => {
  const row: ProcessRow = {pid: 1, name: 'a', user: 'u', threads: 1, title: '=1+1,"x"'};
  const [head, line] = [...csv([row], 0)].map((each) => fieldsOf(each.trimEnd()));
  t.is(line!.length, head!.length);
  t.is(line![head!.indexOf('title')], `'=1+1,"x"`);
  t.is(line![head!.indexOf('pss')], '');
  t.is(line![head!.indexOf('pid')], '1');
});
