import {readFileSync} from 'node:fs';
import test from 'ava';
import type {Region} from '../../src/model/region.ts';
import {parseListing} from '../../src/parse/reader.ts';
import {parse} from '../../src/parse/parse.ts';
import {parseStat} from '../../src/parse/proc/stat.ts';
import {parseStatus} from '../../src/parse/proc/status.ts';
import {line} from './tools.ts';

/** Captures of two processes at rest; test/fixtures/README.md says how they were made. */
const file = (path: string): Buffer => readFileSync(new URL(`../../../test/fixtures/${path}.txt`, import.meta.url));

const COUNTS = {sleep: 24, python3: 49};
const names = Object.keys(COUNTS) as Array<keyof typeof COUNTS>;

const hex = (value: number): string => value.toString(16).padStart(8, '0');

/** The line of maps that this region was read from, if it was read right. */
function asPrinted({start, end, perms, offset, dev, inode, name}: Region): string {
  return line(`${hex(start)}-${hex(end)} ${perms} ${hex(offset!)} ${dev} ${inode}`, name);
}

const sum = (regions: readonly Region[], counter: string): number =>
  regions.reduce((total, {usage}) => total + (usage?.[counter] ?? 0), 0);

/** The flags in smaps tell more of why a region has its kind; the kind is the same. */
const withoutUsage = (regions: readonly Region[]): unknown[] =>
  regions.map((region) => ({
    ...region,
    usage: undefined,
    flags: undefined,
    attributes: undefined,
    label: undefined,
    evidence: undefined,
    confidence: undefined,
  }));

for (const name of names) {
  test(`every byte of the maps of ${name} is in its regions`, (t) => {
    const bytes = file(`maps/${name}`);
    const {regions, rejected, torn, cutShort} = parseListing(bytes, 'proc');
    t.is(regions.map(asPrinted).join(''), bytes.toString());
    t.deepEqual(
      {count: regions.length, rejected, torn, cutShort},
      {count: COUNTS[name], rejected: [], torn: 0, cutShort: undefined},
    );
  });

  test(`maps and smaps of ${name} list the same regions, from /proc or from a file`, (t) => {
    const maps = parse(file(`maps/${name}`));
    const smaps = parse(file(`smaps/${name}`));
    t.deepEqual([maps.source.format, smaps.source.format], ['maps', 'smaps']);
    t.deepEqual(withoutUsage(smaps.regions), withoutUsage(maps.regions));
    t.deepEqual(smaps.regions, parseListing(file(`smaps/${name}`), 'proc').regions);
    t.true(maps.isWhole && smaps.isWhole);
  });

  test(`each record of the smaps of ${name} has its size, 22 counters, THPeligible and its flags`, (t) => {
    for (const {start, end, perms, usage, flags, attributes} of parse(file(`smaps/${name}`)).regions) {
      t.is(usage?.['size'], end - start);
      t.is(Object.keys(usage ?? {}).length, 22);
      t.deepEqual(attributes, {thpEligible: attributes?.['thpEligible'] === '1' ? '1' : '0'});
      for (const [index, flag] of ['rd', 'wr', 'ex'].entries()) {
        const isAllowed = perms[index] !== '-';
        t.is(flags?.includes(flag), isAllowed);
      }
    }
  });

  test(`the sums over the regions of ${name} are what the kernel's own sums say`, (t) => {
    const {regions, totals} = parse(file(`smaps/${name}`));
    const rollup = parse(file(`smaps/${name}-rollup`));
    const status = parseStatus(file(`proc/${name}-status`));
    t.is(rollup.source.format, 'smaps_rollup');
    const whole = rollup.regions[0]!;
    t.deepEqual([rollup.regions.length, whole.name, whole.start], [1, '[rollup]', regions[0]!.start]);
    for (const counter of [
      'rss',
      'sharedClean',
      'sharedDirty',
      'privateClean',
      'privateDirty',
      'referenced',
      'anonymous',
      'swap',
    ]) {
      const wanted = whole.usage?.[counter] ?? Number.NaN;
      t.is(sum(regions, counter), wanted, counter);
      t.is(totals[counter], wanted, counter);
    }
    // Each region's Pss is cut to whole KiB.
    const lost = Number(whole.usage?.pss) - sum(regions, 'pss');
    t.true(lost >= 0 && lost <= regions.length * 1024);
    t.is(status['vmRss'], sum(regions, 'rss'));
    // The gate page belongs to the kernel.
    t.is(status['vmSize'], totals.size - 4096);
  });

  test(`stat and status of ${name} agree`, (t) => {
    const stat = parseStat(file(`proc/${name}-stat`))!;
    const status = parseStatus(file(`proc/${name}-status`));
    const {comm, state, pid, ppid, threads} = stat;
    t.deepEqual(
      {comm, state, pid, ppid, threads},
      {
        comm: name,
        state: status['state'],
        pid: status['pid'],
        ppid: status['pPid'],
        threads: status['threads'],
      },
    );
    const {regions} = parse(file(`maps/${name}`));
    const holding = (address: string): string | undefined =>
      regions.find(({start, end}) => start <= Number(address) && Number(address) < end)?.name;
    t.deepEqual(
      [holding(stat.startStack), holding(stat.argStart), holding(stat.startBrk)],
      ['[stack]', '[stack]', '[heap]'],
    );
    t.regex(holding(stat.startCode) ?? '', /^\/usr\/bin\//);
  });
}

test('what python3 mapped is recognised', (t) => {
  const {regions} = parse(file('smaps/python3'));
  const shared = regions.find(({name}) => name === '/dev/zero (deleted)');
  t.like(shared, {kind: 'shared', perms: 'rw-s', dev: '00:01', usage: {size: 2 ** 20, rss: 4096}});
  const kinds = new Set(regions.map(({kind}) => kind));
  for (const kind of [
    'text',
    'rodata',
    'data',
    'bss',
    'heap',
    'stack',
    'anon',
    'file',
    'shared',
    'vdso',
    'vvar',
    'vsyscall',
  ] as const)
    t.true(kinds.has(kind), kind);
});
