import test, {type ExecutionContext} from 'ava';
import {diff} from '../../../src/diff/diff.ts';
import {sizeOf} from '../../../src/model/region.ts';
import type {Snapshot} from '../../../src/model/snapshot.ts';
import {parse} from '../../../src/parse/parse.ts';
import {capture} from '../../../src/procfs/capture.ts';
import {Child} from '../../helpers/child.ts';
import {run} from '../../helpers/cli.ts';
import {testIf} from '../../helpers/tools.ts';

/** What other tools say of a process that waits, made here and now, beside what the kernel says. */
async function beside(
  t: ExecutionContext,
  command: string,
  args: (pid: string) => string[],
): Promise<[Snapshot, Snapshot]> {
  const child = new Child(t, 'cat', []);
  await child.ask('ready');
  const {stdout} = await run(command, args(String(child.pid)));
  return [parse(stdout), capture(child.pid)];
}

const shape = ({regions}: Snapshot): unknown[] => regions.map(({start, end, perms}) => [start, end, perms]);

const baseNames = ({regions}: Snapshot): string[] => regions.map(({name}) => name.slice(name.lastIndexOf('/') + 1));

for (const [flag, format] of [
  ['', 'pmap'],
  ['-x', 'pmap -x'],
  ['-d', 'pmap -d'],
  ['-X', 'pmap -X'],
  ['-XX', 'pmap -XX'],
] as const) {
  testIf('pmap')(`what ${format} prints is recognised, and differs in nothing from the process`, async (t) => {
    const [theirs, ours] = await beside(t, 'pmap', (pid) => [...(flag ? [flag] : []), pid]);
    t.is(theirs.source.format, format);
    t.is(theirs.process.pid, ours.process.pid);
    t.deepEqual(theirs.rejected, []);
    t.deepEqual(shape(theirs), shape(ours));
    for (const [before, after] of [
      [theirs, ours],
      [ours, theirs],
    ] as const) {
      const {changes, unchanged} = diff(before, after, {match: 'address'});
      t.deepEqual(
        changes.map(({text}) => text),
        [],
      );
      t.is(unchanged, ours.regions.length);
    }
  });
}

testIf('pmap')('what pmap -x and -X print of resident memory is what smaps says', async (t) => {
  for (const flag of ['-x', '-X', '-XX']) {
    const [theirs, ours] = await beside(t, 'pmap', (pid) => [flag, pid]);
    t.deepEqual(
      theirs.regions.map(({usage}) => usage?.rss),
      ours.regions.map(({usage}) => usage?.rss),
      flag,
    );
    if (flag === '-x') continue;
    t.deepEqual(
      theirs.regions.map(({inode, dev, offset}) => [inode, dev, offset]),
      ours.regions.map(({inode, dev, offset}) => [inode, dev, offset]),
    );
    t.deepEqual(baseNames(theirs), baseNames(ours));
    t.deepEqual(
      theirs.regions.map(({usage}) => usage?.anonymous),
      ours.regions.map(({usage}) => usage?.anonymous),
    );
    if (flag === '-XX')
      t.deepEqual(
        theirs.regions.map(({flags}) => flags),
        ours.regions.map(({flags}) => flags),
      );
  }
});

testIf('pmap')("what pmap doesn't print is unknown, and that is said", async (t) => {
  const [plain] = await beside(t, 'pmap', (pid) => [pid]);
  t.is(plain.totals['rss'], undefined);
  t.true(plain.regions.every(({offset, dev, inode}) => offset === undefined && dev === '' && inode === ''));
  t.regex(plain.notes[0]!, /^pmap doesn't print resident memory, offsets/);
  t.is((JSON.parse(JSON.stringify(plain)) as {regions: Array<{offset: null}>}).regions[0]?.offset, null);
  t.deepEqual(shape(parse(JSON.stringify(plain))), shape(plain));
});

testIf('gdb')("gdb's info proc mappings is recognised, and differs in nothing from the process", async (t) => {
  const [theirs, ours] = await beside(t, 'gdb', (pid) => [
    '-q',
    '-batch',
    '-nx',
    '-p',
    pid,
    '-ex',
    'info proc mappings',
  ]);
  t.is(theirs.source.format, 'gdb info proc mappings');
  t.deepEqual(shape(theirs), shape(ours));
  t.deepEqual(
    theirs.regions.map(({name, offset}) => [name, offset]),
    ours.regions.map(({name, offset}) => [name, offset]),
  );
  t.deepEqual(diff(theirs, ours, {match: 'address'}).changes, []);
  t.deepEqual(theirs.rejected, []);
});

test('a listing of gdb before version 12, or of a core file, has no permissions, and that is no difference', (t) => {
  const old = parse(`process 4242
Mapped address spaces:

          Start Addr           End Addr       Size     Offset objfile
            0x400000           0x401000     0x1000        0x0 /usr/bin/x
            0x401000           0x403000     0x2000     0x1000 /usr/bin/x
      0x7ffff7fc1000     0x7ffff7fc3000     0x2000        0x0 [vdso]
`);
  const now = parse(`00400000-00401000 r--p 00000000 fd:00 7                          /usr/bin/x
00401000-00403000 r-xp 00001000 fd:00 7                          /usr/bin/x
7ffff7fc1000-7ffff7fc3000 r-xp 00000000 00:00 0                          [vdso]
`);
  t.is(old.process.pid, 4242);
  t.deepEqual(
    old.regions.map(({perms}) => perms),
    ['????', '????', '????'],
  );
  t.deepEqual(diff(old, now).changes, []);
  t.is(
    old.regions.reduce((sum, region) => sum + sizeOf(region), 0),
    5 * 4096,
  );
});

test('a paste of smaps with prose around it is used, and each line of prose is reported', async (t) => {
  const child = new Child(t, 'cat', []);
  await child.ask('ready');
  const {stdout: smaps} = await run('cat', [`/proc/${child.pid}/smaps`]);
  const paste = `Hi, here is what I see after an hour:\n\n\`\`\`\n$ cat /proc/${child.pid}/smaps\n${smaps}\`\`\`\nIt grows and grows.\n`;
  const snapshot = parse(paste);
  t.is(snapshot.source.format, 'smaps');
  t.is(snapshot.process.pid, child.pid);
  t.deepEqual(
    snapshot.rejected.map(({text}) => text),
    ['Hi, here is what I see after an hour:', 'It grows and grows.'],
  );
  t.deepEqual(diff(snapshot, capture(child.pid)).changes, []);
});
