import test from 'ava';
import {parseKsmStat} from '../../../src/parse/proc/ksm-stat.ts';
import {mappedKeysIn} from '../../../src/parse/proc/mapped-keys.ts';
import {parseSysvShm} from '../../../src/parse/proc/sysvipc.ts';
import {bytesOf, line} from '../tools.ts';

test('ksm_stat: pages in bytes, and a profit that may be negative', (t) => {
  const text = 'ksm_rmap_items 4\nksm_zero_pages 2\nksm_merging_pages 3\nksm_process_profit -320\nksm_merge_any: no\n';
  t.deepEqual(parseKsmStat(bytesOf(text), 4096), {merged: 12288, zero: 8192, profit: -320});
  t.deepEqual(parseKsmStat(bytesOf('ksm_rmap_items 4\nksm_merging_pages 3\n'), 4096), {merged: 12288});
  t.is(parseKsmStat(bytesOf('ksm_rmap_items 0\n'), 4096), undefined);
});

test('sysvipc: segments that nobody has attached, with what is in RAM and on swap', (t) => {
  const text = `       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
   2523426     622592   600                    56 24618 24628      0   101   104   101   104 1795668474 1795668476 1795668474                  4096                  8192
         0     622593  1600               1048576 24618 24628      2   101   104   101   104 1795668474 1795668476 1795668474               1048576                     0
        -1     622594   600                    56 24618 24628      0   101   104   101   104 1795668474 1795668476 1795668474                  4096                     0
`;
  t.deepEqual(parseSysvShm(bytesOf(text)), {segments: 2, bytes: 16384});
  t.deepEqual(parseSysvShm(bytesOf(text.split('\n', 1)[0]!)), {segments: 0, bytes: 0});
  t.is(parseSysvShm(bytesOf('')), undefined);
  t.is(parseSysvShm(bytesOf('key shmid nattch\n1 2 0\n')), undefined, 'as before Linux 2.6.32');
});

test('of mapped files those are known again that have no name', (t) => {
  const maps = [
    line('7f0000000000-7f0000001000 rw-s 00000000 00:01 77', '/memfd:a b (deleted)'),
    line('7f0000001000-7f0000002000 rw-s 00000000 00:1b 12', '/dev/shm/x (deleted)'),
    line('7f0000002000-7f0000003000 rw-s 00000000 00:0c 9', '/dmabuf:'),
    line('7f0000003000-7f0000004000 r--p 00000000 fe:00 5', '/usr/bin/a'),
    line('7f0000004000-7f0000005000 rw-p 00000000 00:00 0'),
  ].join('');
  t.deepEqual([...mappedKeysIn(bytesOf(maps))], ['00:01 77', '00:1b 12', '/dmabuf: 9']);
});
