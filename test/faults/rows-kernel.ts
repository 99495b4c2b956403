import assert from 'node:assert/strict';
import {closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {capture} from '../../src/procfs/capture.ts';
import {asleep, Child} from '../helpers/child.ts';
import {whileSteady} from '../helpers/wait.ts';
import {done, type Row, type Scene} from './scene.ts';

/** What other kernels print, or may print one day: a directory of files like /proc, given as --proc-root. */
export const KERNEL_ROWS: readonly Row[] = [
  {
    id: '51',
    fault: 'unknown keys, flags and lines (the next kernel)',
    how: 'a directory like /proc: smaps with Foo: 1 kB, VmFlags zz; status with NewKey',
    expected: '0, kept',
    run: async (scene) => {
      const json = await show(scene, {
        smaps: (text) =>
          text.replace(/^Rss:/m, 'Foo:                   1 kB\nRss:').replace(/VmFlags: /, 'VmFlags: zz '),
        status: (text) => `${text}NewKey:\t7 kB\n`,
      });
      assert.equal(json.regions[0]!.usage!['foo'], 1024);
      assert.equal(json.regions[0]!.flags![0], 'zz');
      assert.equal(json.status['newKey'], 7 * 1024);
      return 'foo, zz and newKey are in the document';
    },
  },
  {
    id: '52',
    fault: 'missing keys: no Pss, an empty VmFlags, no memory lines in status',
    how: 'the same, with them removed',
    expected: '0; absent is not 0',
    run: async (scene) => {
      const json = await show(scene, {
        smaps: (text) => text.replace(/^Pss:.*\n/gm, '').replace(/VmFlags:.*/g, 'VmFlags:'),
        status: (text) => text.replace(/^(Vm|Rss).*\n/gm, ''),
      });
      assert.equal('pss' in json.totals, false);
      assert.deepEqual(json.regions[0]!.flags, []);
      assert.equal('vmRss' in json.status, false);
      return 'no pss in the totals';
    },
  },
  {
    id: '53',
    fault: 'device numbers of many digits, inodes of 64 bits, offsets above 2^53',
    how: 'maps with 103:fffff, 18446744073709551615, fffffffffffff000',
    expected: '0, exact',
    run: async (scene) => {
      const line = '00400000-00401000 r--p fffffffffffff000 103:fffff 18446744073709551615      /f\n';
      const json = await show(scene, {
        maps: (text) => line + text.split('\n').slice(5).join('\n'),
        smaps: undefined,
        status: withoutSize,
      });
      const {dev, inode, offset} = json.regions[0]!;
      assert.deepEqual([dev, inode, offset], ['103:fffff', '18446744073709551615', '0xfffffffffffff000']);
      return `${dev} ${inode} ${offset}`;
    },
  },
  {
    id: '54',
    fault: "smaps_rollup's PSS is not the sum of smaps'",
    how: 'both, of one process that does nothing',
    expected: 'not "corrected": at most 1 KiB per region apart',
    run: async (scene) => {
      const child = new Child(scene.test, 'cat', []);
      await child.ask('ready');
      // It moves while others that map the same libraries start and end.
      const [{totals, regions}, rollup] = await whileSteady(
        () => 1024 * Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${child.pid}/smaps_rollup`, 'latin1'))![1]),
        () => capture(child.pid),
      );
      const apart = Math.abs(rollup - totals['pss']!);
      assert.ok(apart <= regions.length * 1024 * 2, `${apart} bytes`);
      return `${apart / 1024} KiB apart, of ${regions.length} regions`;
    },
  },
  {
    id: '55',
    fault: 'VmRSS lags behind smaps',
    how: 'show --json',
    expected: 'two facts, both reported',
    run: async (scene) => {
      const json = await show(scene, {});
      assert.ok(Number.isInteger(json.status['vmRss']) && Number.isInteger(json.totals['rss']));
      return 'status.vmRss and totals.rss';
    },
  },
  {
    id: '67',
    fault: 'a kernel without smaps (CONFIG_PROC_PAGE_MONITOR)',
    how: 'a directory like /proc without it: show, snapshot, watch',
    expected: '0, without resident memory, and that is reported',
    run: async (scene) => {
      const json = await show(scene, {smaps: undefined});
      assert.equal('rss' in json.totals, false);
      assert.ok(json.notes!.some((note) => note.includes('Resident memory was not read')));
      return json.notes![0]!;
    },
  },
  {
    id: '70',
    fault: 'sums beyond 2^63: a mapping of nearly all addresses',
    how: 'maps with 1000-ffffffffff600000 and [vsyscall]',
    expected: '0, exact',
    run: async (scene) => {
      const text =
        '00001000-ffffffffff600000 ---p 00000000 00:00 0 \nffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 ' +
        '                 [vsyscall]\n';
      const json = await show(scene, {maps: () => text, smaps: undefined, status: withoutSize});
      assert.equal(BigInt(json.totals['size']!), 0xffffffffff600000n);
      return String(BigInt(json.totals['size']!));
    },
  },
  {
    id: '71',
    fault: 'smaps counts the text of a program that was just written as private and dirty',
    how: 'demo touch --json: the text of the helper at the start',
    expected: 'no dirty page: the helper is on the disk',
    run: async (scene) => {
      // A file that was built just now may not be on the disk yet.
      const helper = openSync(`dist/helpers/touch.${process.arch}`, 'r');
      fsyncSync(helper);
      closeSync(helper);
      const {start} = JSON.parse(done(await scene.memmap(['demo', 'touch', '--json']))) as {start: Document};
      const text = start.regions.filter(({perms}) => perms === 'r-xp' && !perms.includes('w'))[0]!;
      assert.equal(text.usage!['privateDirty'], 0);
      return '0 bytes private dirty';
    },
  },
  {
    id: '59',
    fault: 'a hostile configuration file',
    how: '–',
    expected: '–',
    not: 'there is none: memmap reads no configuration',
  },
];

interface Document {
  readonly regions: Array<{
    perms: string;
    dev: string;
    inode: string;
    offset: string;
    usage?: Record<string, number>;
    flags?: string[];
  }>;
  readonly totals: Record<string, number>;
  readonly status: Record<string, unknown>;
  readonly notes?: string[];
}

/** VmSize is the sum of all sizes: where the listing is another one, it is left out. */
const withoutSize = (status: string): string => status.replace(/^VmSize.*\n/m, '');

/** A copy of what /proc says about a process that waits, with changes; a file that is `undefined` is removed. */
async function show(
  scene: Scene,
  changes: Readonly<Record<string, ((text: string) => string) | undefined>>,
): Promise<Document> {
  const child = new Child(scene.test, 'cat', []);
  await child.ask('ready');
  await asleep(child.pid);
  const root = scene.folder();
  const place = join(root, '4242');
  mkdirSync(place);
  for (const file of ['stat', 'status', 'maps', 'smaps']) {
    const text = readFileSync(`/proc/${child.pid}/${file}`, 'latin1');
    writeFileSync(join(place, file), file in changes ? (changes[file]?.(text) ?? '') : text, 'latin1');
    if (file in changes && !changes[file]) rmSync(join(place, file));
  }
  return JSON.parse(done(await scene.memmap(['show', '4242', '--json', '--proc-root', root]))) as Document;
}
