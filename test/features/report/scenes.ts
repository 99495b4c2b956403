import {Snapshot} from '../../../src/model/snapshot.ts';
import type {Region} from '../../../src/model/region.ts';
import type {Shot} from './recorder.ts';

/** Names that would do harm if a page took them for more than text. */
export const HOSTILE = [
  '</script><img src=x onerror="window.harmed = 1">',
  '<!-- --><script>window.harmed = 1</script>',
  '{{data}} $& $1 "quoted" \'single\' &amp;',
  '/tmp/\u2028line\u2029paragraph',
  '/tmp/\u202egpj.exe',
];

export const MIB = 1024 * 1024;

export function region(start: number, size: number, more: Partial<Region> = {}): Region {
  return {
    start,
    end: start + size,
    perms: 'rw-p',
    offset: 0,
    dev: '00:00',
    inode: '0',
    name: '',
    kind: 'anon',
    ...more,
  };
}

const withRss = (rss: number) => ({usage: {rss, pss: rss, privateDirty: rss, swap: 0, anonymous: rss}});

/**
 * A program with a heap that grows by 1 MiB a second, and one region for each hostile name that comes at second 5 and
 * goes at 8.
 */
export function leak(seconds = 20): Shot[] {
  return Array.from({length: seconds + 1}, (_, second) => {
    const heap = (second + 1) * MIB;
    const named = second >= 5 && second < 8 ? HOSTILE : [];
    const regions = [
      region(0x400000, MIB, {
        name: '/bin/leak',
        kind: 'text',
        perms: 'r-xp',
        dev: '08:01',
        inode: '7',
        ...withRss(512 * 1024),
      }),
      region(0x10000000, heap, {name: '[heap]', kind: 'heap', ...withRss(heap)}),
      ...named.map((name, index) =>
        region(0x7f0000000000 + index * 2 * MIB, MIB, {name, kind: 'file', dev: '08:01', inode: '9', ...withRss(4096)}),
      ),
      region(0x7fff00000000, 132 * 1024, {name: '[stack]', kind: 'stack', ...withRss(8192)}),
    ];
    const process = {pid: 4242, comm: HOSTILE[0]!, exe: '/bin/leak'};
    const status = {vmRss: regions.reduce((sum, {usage}) => sum + usage!.rss!, 0), vmHwm: 30 * MIB};
    const snapshot = new Snapshot({source: {from: 'process', format: 'smaps'}, regions, process, status});
    return {t: second * 1000, snapshot, ...(second === 10 && {marks: [HOSTILE[1]!]})};
  });
}

export const ABOUT = {
  file: 'leak.memmap',
  host: 'machine',
  kernel: '6.1.0',
  looks: 21,
  duration: 20_000,
  startedAt: '2026-01-31T12:00:00.000Z',
  isWhole: true,
  notes: [],
};
