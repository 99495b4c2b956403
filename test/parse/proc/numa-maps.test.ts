import {existsSync, readFileSync} from 'node:fs';
import test from 'ava';
import {parseNumaMaps} from '../../../src/parse/proc/numa-maps.ts';
import {testIf, unless} from '../../helpers/tools.ts';
import {bytesOf} from '../tools.ts';

test('pages by node, of the size that the line says', (t) => {
  const text = `00400000 default file=/usr/bin/a\\040N7=5 mapped=3 mapmax=2 active=0 N0=1 N3=2 kernelpagesize_kB=4
7f0000000000 interleave:0-1 anon=512 dirty=512 N0=256 N1=256 kernelpagesize_kB=4
7f1000000000 bind=static:1 file=/anon_hugepage\\040(deleted) huge anon=2 dirty=2 N1=2 kernelpagesize_kB=2048
7f2000000000 prefer (many):0-1 heap
7f3000000000 weighted interleave:0,2 stack anon=1 N2=1
not a line
`;
  const placements = parseNumaMaps(bytesOf(text), 65536);
  t.deepEqual(
    [...placements],
    [
      [0x400000, {policy: 'default', nodes: {0: 4096, 3: 8192}}],
      [0x7f0000000000, {policy: 'interleave:0-1', nodes: {0: 1 << 20, 1: 1 << 20}}],
      [0x7f1000000000, {policy: 'bind=static:1', nodes: {1: 4 << 20}}],
      [0x7f2000000000, {policy: 'prefer (many):0-1', nodes: {}}],
      [0x7f3000000000, {policy: 'weighted interleave:0,2', nodes: {2: 65536}}],
    ],
  );
});

const NUMA = unless(existsSync('/proc/self/numa_maps'), 'the kernel was built without CONFIG_NUMA');

testIf(NUMA)('each region of this process has a line', (t) => {
  const maps = readFileSync('/proc/self/maps', 'latin1');
  const placements = parseNumaMaps(readFileSync('/proc/self/numa_maps'), 4096);
  const found = [...placements.keys()].filter((start) => maps.includes(`${start.toString(16).padStart(8, '0')}-`));
  t.true(found.length > 20 && found.length > placements.size * 0.9);
  t.true([...placements.values()].some(({nodes}) => (nodes[0] ?? 0) > 0));
});
