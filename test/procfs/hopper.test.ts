import {spawn} from 'node:child_process';
import {once} from 'node:events';
import test from 'ava';
import {diff} from '../../src/diff/diff.ts';
import {sizeOf, type Region} from '../../src/model/region.ts';
import {capture} from '../../src/procfs/capture.ts';
import {Session} from '../../src/procfs/sampling/session.ts';
import {waitingShell} from '../helpers/child.ts';
import {testIf} from '../helpers/tools.ts';

const SIZE = 64 << 20;

/**
 * A region of 64 MiB hops between a low and a high address with 300 regions in between: at each moment it is mapped once, and
 * the size of the process never changes. A walk of the map meets it twice, or not at all.
 */
const HOPPER = `
import ctypes, time
libc = ctypes.CDLL(None)
libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
word = ctypes.c_size_t
map = lambda at, size, perms: libc.mmap(word(at), word(size), perms, 0x32, -1, word(0))
for i in range(300): map(0x300000000000 + i * 8192, 4096, 1)
low, high, size = word(0x200000000000), word(0x500000000000), word(${SIZE})
map(low.value, ${SIZE}, 3)
print("ready", flush=True)
while True:
    libc.mremap(low, size, size, 3, high)
    time.sleep(0.0002)
    libc.mremap(high, size, size, 3, low)
    time.sleep(0.0002)
`;

const hoppers = (regions: readonly Region[]): number =>
  regions.filter(
    (region) => sizeOf(region) === SIZE && (region.start === 0x200000000000 || region.start === 0x500000000000),
  ).length;

testIf('python3')('Memory that moves while it is listed is there once, or the snapshot is marked', async (t) => {
  const child = spawn('python3', ['-S', '-E', '-c', HOPPER], {stdio: ['ignore', 'pipe', 'inherit']});
  try {
    await once(child.stdout, 'data');
    const seen = Array.from({length: 60}, () => capture(child.pid!, {usage: false}));
    const wrong = seen.filter(({regions, consistency}) => !consistency.torn && hoppers(regions) !== 1);
    // Without the comparison with VmSize it is half of them.
    t.true(wrong.length <= 3, `${wrong.length} of ${seen.length} are wrong, and not marked`);
    const torn = seen.filter(({consistency}) => consistency.torn);
    t.true(
      torn.every(({notes}) => notes.some((note) => note.includes('Memory came, went or moved while it was listed'))),
    );
    t.log(`${torn.length} of ${seen.length} snapshots are marked as torn`);
    const session = new Session(child.pid!, {maxDuty: 0});
    let last = session.snapshot;
    let falseLooks = 0;
    for (let look = 0; look < 60; look++) {
      const next = session.look();
      if (next.saw !== 'process') return t.fail(`saw ${next.saw}`);
      const {changes} = diff(last, next.snapshot);
      if (!last.consistency.torn && !next.snapshot.consistency.torn) {
        const kinds = changes.filter(({range}) => sizeOf(range) === SIZE).map(({kind}) => kind);
        if (kinds.some((kind) => kind !== 'moved')) falseLooks++;
      }
      last = next.snapshot;
    }
    session.close();
    t.true(falseLooks <= 4, `${falseLooks} looks tell of memory that came or went`);
  } finally {
    child.kill('SIGKILL');
  }
});

test('A process that stands still adds up', async (t) => {
  const {consistency} = capture((await waitingShell(t)).pid, {usage: false});
  t.false(consistency.torn);
});
