import {PYTHONS} from '../../src/classify/runtimes/python.ts';
import test from 'ava';
import {arenasOf} from '../../src/features/show/arenas.ts';
import {parse} from '../../src/parse/parse.ts';
import {asleep, python} from '../helpers/child.ts';
import {testIf} from '../helpers/tools.ts';
import {at, capturedWhole} from './real.ts';

const MIB = 1024 * 1024;

const ARENAS = `
import threading, time, json
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.open_memstream.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
found = []
def work(number):
    found.append([libc.malloc(4000) for _ in range(500 * (number + 1))][0])
    time.sleep(600)
for number in range(4): threading.Thread(target=work, args=(number,), daemon=True).start()
while len(found) < 4: time.sleep(0.01)
def heaps():
    text, size = ctypes.c_char_p(), ctypes.c_size_t()
    stream = libc.open_memstream(ctypes.byref(text), ctypes.byref(size))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    return text.value.decode()
`;

testIf('python3')(
  'what malloc of a thread gives lies in an arena, which begins where glibc would look for it',
  async (t) => {
    const child = await python(t, ARENAS);
    await asleep(child.pid);
    const found = JSON.parse(await child.ask('answer = json.dumps(found)')) as number[];
    const snapshot = capturedWhole(t, child.pid);
    for (const pointer of found) {
      const arena = at(snapshot, pointer);
      t.is(arena?.kind, 'arena');
      // heap_for_ptr() in malloc/arena.c masks the pointer.
      t.is(arena?.start, pointer - (pointer % (64 * MIB)));
      const rest = at(snapshot, arena!.end);
      t.deepEqual([rest?.kind, rest?.label], ['reserved', `unused part of ${arena?.label}`]);
    }
  },
);

testIf('python3')('the arenas are as many and as large as malloc_info(3) says', async (t) => {
  const child = await python(t, ARENAS);
  await asleep(child.pid);
  const info = await child.ask('answer = heaps().replace("\\n", " ")');
  const heaps = [...info.matchAll(/<heap nr="(\d+)">.*?<system type="current" size="(\d+)"\/>/g)].map((match) =>
    Number(match[2]),
  );
  const arenas = arenasOf(capturedWhole(t, child.pid).table);
  // The first one is the main arena, which is in [heap].
  const ascending = (sizes: number[]) => sizes.sort((a, b) => a - b);
  t.deepEqual(ascending(arenas.map(({committed}) => committed)), ascending(heaps.slice(1)));
  t.deepEqual(
    arenas.map(({number}) => number),
    arenas.map((_, index) => index + 1),
  );
  t.true(arenas.every(({committed, reserved}) => committed + reserved === 64 * MIB));
  t.true(arenas.every(({resident, committed}) => resident! > 0 && resident! <= committed));
});

const line = (start: number, end: number, perms: string): string =>
  `${start.toString(16)}-${end.toString(16)} ${perms} 00000000 00:00 0 \n`;
const [kind, label] = [
  (text: string) => parse(text).regions.map((region) => region.kind),
  (text: string) => parse(text).regions.map((region) => region.label),
];
const HERE = 0x7f8800000000;

test('only a whole block at its own multiple is an arena', (t) => {
  const rest = line(0x7fff00000000, 0x7fff00021000, 'rw-p');
  const block = (start: number, used: number, end: number) =>
    line(start, start + used, 'rw-p') + line(start + used, end, '---p') + rest;
  t.deepEqual(kind(block(HERE, MIB, HERE + 64 * MIB)).slice(0, 2), ['arena', 'reserved']);
  t.deepEqual(label(block(HERE, MIB, HERE + 64 * MIB)).slice(0, 2), [
    "heap 1 of malloc's arenas",
    "unused part of heap 1 of malloc's arenas",
  ]);
  t.not(kind(block(HERE + MIB, MIB, HERE + 64 * MIB))[0], 'arena');
  t.not(kind(block(HERE, MIB, HERE + 63 * MIB))[0], 'arena');
  t.not(kind(block(HERE, MIB, HERE + 128 * MIB))[0], 'arena');
  t.not(kind(line(HERE, HERE + MIB, 'rw-p') + rest)[0], 'arena');
});

test('a program with 32-bit pointers has blocks of 1 MiB', (t) => {
  const text =
    line(0xf6500000, 0xf6521000, 'rw-p') + line(0xf6521000, 0xf6600000, '---p') + line(0xffb00000, 0xffb21000, 'rw-p');
  t.deepEqual(kind(text).slice(0, 2), ['arena', 'reserved']);
});

testIf('python3')(
  'one thread with much memory has many heaps, and none of them is called an arena of its own',
  async (t) => {
    const child = await python(
      t,
      `${ARENAS}
def much():
    for _ in range(150 * 16): ctypes.memset(libc.malloc(65000), 1, 65000)
    found.append(0)
    time.sleep(600)
threading.Thread(target=much, daemon=True).start()
while len(found) < 5: time.sleep(0.01)
`,
    );
    await asleep(child.pid);
    const info = await child.ask('answer = heaps().replace("\\n", " ")');
    const snapshot = capturedWhole(t, child.pid);
    // Python's own arenas are none of malloc's; the kernel may merge them with other memory, so that there are none.
    const labels = snapshot.regions
      .filter(({kind: each, label}) => each === 'arena' && label !== PYTHONS)
      .map((region) => region.label!);
    // malloc_info(3) has one entry an arena, the main one too.
    t.true(labels.length > [...info.matchAll(/<heap nr=/g)].length - 1);
    t.true(
      labels.every((text) => /^heaps? \d+(?: to \d+)? of malloc's arenas$/.test(text)),
      labels.join(', '),
    );
  },
);

test("a program with jemalloc: its memory is jemalloc's, and no block of it an arena of glibc", (t) => {
  const flags = (codes: string): string => `Size: 4 kB\nRss: 0 kB\nVmFlags: ${codes}\n`;
  const program = `${(HERE - 8 * MIB).toString(16)}-${(HERE - 7 * MIB).toString(16)} r-xp 00000000 fe:00 7 `;
  const text = (library: string): string =>
    `${program}${library}\n${flags('rd ex mr mw me')}` +
    `${line(HERE, HERE + 64 * MIB, 'rw-p')}${flags('rd wr mr mw me nr')}` +
    `${line(HERE + 65 * MIB, HERE + 66 * MIB, 'rw-p')}${flags('rd wr mr mw me ac')}` +
    `${line(0x7fff00000000, 0x7fff00021000, 'rw-p')}${flags('rd wr mr mw me ac')}`;
  const [, block, other] = parse(text('/usr/lib/libjemalloc.so.2')).regions;
  t.deepEqual([block?.kind, block?.label, block?.confidence], ['arena', "jemalloc's memory", 'guess']);
  t.is(other?.kind, 'anon');
  t.is(label(text('/usr/lib/libfoo.so'))[1], "heap 1 of malloc's arenas");
});
