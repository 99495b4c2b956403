import test from 'ava';
import fc from 'fast-check';
import {groupFamilies} from '../../../src/features/metrics/families.ts';
import {cgroupOf, METRIC_GROUPINGS, metricGroups} from '../../../src/features/metrics/groups.ts';
import {expositionOf, valueIn} from '../../../src/features/metrics/text.ts';
import {type ProcessRow, UNREAD} from '../../../src/model/host/processes.ts';
import type {Host} from '../../../src/procfs/host/host.ts';
import {testIf} from '../../helpers/tools.ts';
import {PARSER, parsed} from './exposition.ts';

const bytes = fc.integer({min: 0, max: 2 ** 40});
/** Names as a hostile process may choose them. */
const name = fc.oneof(
  fc.string({maxLength: 15, unit: 'binary'}),
  fc.constantFrom('a', 'b', 'a"b', 'a\\b', 'a\nb', 'a\u001b[31m', '\ud800', '{}', 'x="y"', ' ', ''),
);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, {nil: undefined});
const counters = fc.record({regions: bytes, pss: bytes, privateDirty: bytes, pssAnon: bytes, readAt: fc.nat(1000)});
const rows: fc.Arbitrary<ProcessRow[]> = fc.uniqueArray(
  fc
    .tuple(
      fc.record({
        pid: fc.integer({min: 1, max: 4_194_304}),
        name,
        user: name,
        title: fc.constant('a secret'),
        unit: maybe(name),
        container: maybe(name),
        cgroup: maybe(name),
        threads: fc.integer({min: 1, max: 9}),
        size: bytes,
        rss: bytes,
        swap: bytes,
      }),
      fc.oneof(counters, fc.record({unread: fc.constantFrom(...UNREAD)})),
    )
    .map(([row, more]) => ({...row, ...more})),
  {selector: ({pid}) => pid, maxLength: 30},
);
const by = fc.constantFrom(...METRIC_GROUPINGS);
const most = fc.integer({min: 1, max: 12});

const familiesOf = (all: readonly ProcessRow[], grouping: (typeof METRIC_GROUPINGS)[number], limit: number) =>
  groupFamilies(metricGroups(all, grouping, limit), {now: 1000} as Host, () => undefined);

test('each process is in one group, no two samples have the same labels, and the sums add up', (t) => {
  fc.assert(
    fc.property(rows, by, most, (all, grouping, limit) => {
      const groups = metricGroups(all, grouping, limit);
      t.true(groups.length <= limit + 1);
      t.deepEqual(
        groups.flatMap(({members}) => members.map(({pid}) => pid)).toSorted((a, b) => a - b),
        all.map(({pid}) => pid).toSorted((a, b) => a - b),
      );
      for (const family of familiesOf(all, grouping, limit)) {
        const labels = family.samples.map((sample) => JSON.stringify(sample.labels));
        t.is(new Set(labels).size, labels.length, family.name);
      }
      const sum = (metric: string): number =>
        (familiesOf(all, grouping, limit).find((family) => family.name === metric)?.samples ?? []).reduce(
          (total, {value}) => total + value,
          0,
        );
      const total = (key: 'pss' | 'rss' | 'regions' | 'threads'): number =>
        all.reduce((amount, row) => amount + (row[key] ?? 0), 0);
      t.is(sum('memmap_pss_bytes'), total('pss'));
      t.is(sum('memmap_rss_bytes'), total('rss'));
      t.is(sum('memmap_threads'), total('threads'));
      t.is(sum('memmap_processes'), all.length);
      t.is(sum('memmap_group_unread_processes'), all.filter(({unread}) => unread).length);
    }),
  );
});

test('what was read of no process of a group is not there, and never 0', (t) => {
  fc.assert(
    fc.property(rows, by, most, (all, grouping, limit) => {
      const groups = metricGroups(all, grouping, limit);
      const pss = familiesOf(all, grouping, limit).find((family) => family.name === 'memmap_pss_bytes');
      const known = groups.filter(({members}) => members.some((row) => row.pss !== undefined));
      t.is(pss?.samples.length ?? 0, known.length);
    }),
  );
});

testIf(PARSER)('hostile names come out as one sample each, and nothing that a terminal obeys', async (t) => {
  const hostile = fc.sample(rows, 40).flat();
  const unique = [...new Map(hostile.map((row) => [row.pid, row])).values()];
  for (const grouping of METRIC_GROUPINGS) {
    const families = familiesOf(unique, grouping, 1000);
    const text = expositionOf(families);
    t.notRegex(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    t.notRegex(text, /a secret/);
    const expected = families.flatMap((family) =>
      family.samples.map(({labels, value}) => ({name: family.name, labels, value})),
    );
    t.deepEqual(await parsed(t, text), expected, grouping);
  }
});

test('a process counts in its container, else in its unit, else under its name', (t) => {
  const row = {pid: 1, name: 'sh', user: 'root', threads: 1};
  const id = 'ab'.repeat(32);
  const all = [
    {...row, pid: 1, container: id, unit: 'docker.service', cgroup: `/docker/${id}/init`},
    {...row, pid: 2, unit: 'nginx.service', cgroup: '/system.slice/nginx.service'},
    {...row, pid: 3},
    {...row, pid: 4, name: 'nginx.service'},
  ];
  const groups = metricGroups(all, 'auto', 9);
  t.deepEqual(
    groups.map((group) => [group.by, group.name, group.members.map(({pid}) => pid), cgroupOf(group)]),
    [
      ['container', id, [1], `/docker/${id}`],
      ['name', 'nginx.service', [4], undefined],
      ['name', 'sh', [3], undefined],
      ['unit', 'nginx.service', [2], '/system.slice/nginx.service'],
    ],
  );
  const users = ['1000', '1001'].map((user, index) => ({
    ...row,
    pid: index + 1,
    unit: 'dbus.service',
    cgroup: `/user.slice/user-${user}.slice/user@${user}.service/dbus.service`,
  }));
  t.is(cgroupOf(metricGroups(users, 'unit', 9)[0]!), undefined, 'two cgroups are not one');
});

test('what is beyond --max-groups is added up, the smallest first', (t) => {
  const all = [5, 1, 9, 3].map((pss, index) => ({pid: index + 1, name: `n${pss}`, user: '', threads: 1, pss}));
  const groups = metricGroups(all, 'name', 2);
  t.deepEqual(
    groups.map((group) => [group.by, group.name, group.members.length]),
    [
      ['name', 'n5', 1],
      ['name', 'n9', 1],
      ['rest', '', 2],
    ],
  );
});

test('a value without labels is found again in what was written', (t) => {
  const value = fc.double({min: 0, max: 1e15, noNaN: true});
  fc.assert(
    fc.property(value, (seconds) => {
      const sample = {labels: {}, value: seconds};
      const text = expositionOf([
        {name: 'memmap_stall_seconds_total', type: 'counter', unit: 'seconds', help: 'Help.', samples: [sample]},
      ]);
      t.is(valueIn(text, 'memmap_stall_seconds_total'), seconds === 0 ? 0 : seconds);
    }),
  );
  t.is(valueIn('memmap_stall_seconds_total_more 5\n', 'memmap_stall_seconds_total'), undefined);
});
