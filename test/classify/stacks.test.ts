import {capture} from '../../src/procfs/capture.ts';
import {Session} from '../../src/procfs/session.ts';
import {asleep, python} from '../helpers/child.ts';
import {testIf} from '../helpers/tools.ts';
import {at, capturedWhole} from './real.ts';

/** Threads that say where their stacks are, as pthread_getattr_np(3) has it, and what they are called. */
const THREADS = `
import threading, time, json
libc = ctypes.CDLL(None)
libc.pthread_self.restype = ctypes.c_ulong
told = []
def work(number):
    tid = threading.get_native_id()
    open(f"/proc/self/task/{tid}/comm", "w").write(f"worker-{number}")
    attr = ctypes.create_string_buffer(64)
    libc.pthread_getattr_np(ctypes.c_ulong(libc.pthread_self()), attr)
    address, size = ctypes.c_void_p(), ctypes.c_size_t()
    libc.pthread_attr_getstack(attr, ctypes.byref(address), ctypes.byref(size))
    told.append([tid, address.value, size.value])
    time.sleep(600)
for number in range(3): threading.Thread(target=work, args=(number,), daemon=True).start()
while len(told) < 3: time.sleep(0.01)
`;

testIf('python3')("a thread's stack has its TID and its name, and its guard lies below", async (t) => {
  const child = await python(t, THREADS);
  await asleep(child.pid);
  const told = JSON.parse(await child.ask('answer = json.dumps(told)')) as Array<[number, number, number]>;
  const snapshot = capturedWhole(t, child.pid);
  told.sort(([a], [b]) => a - b);
  for (const [number, [tid, start, size]] of told.entries()) {
    const stack = at(snapshot, start + size - 1);
    t.is(stack?.kind, 'thread-stack');
    t.is(stack?.end, start + size);
    t.regex(stack?.label ?? '', new RegExp(`^stack of thread ${tid} \\(worker-\\d\\)$`));
    t.is(stack?.confidence, undefined);
    const guard = at(snapshot, stack!.start - 1);
    t.is(guard?.kind, 'guard', `the guard of thread ${number}`);
    t.is(guard?.label, `guard of the ${stack?.label}`);
  }
  t.is(snapshot.clues.threads?.length, 4);
});

testIf('python3')('without a stack pointer, a stack is known by its shape, and that is called a guess', async (t) => {
  const child = await python(t, THREADS);
  await asleep(child.pid);
  const told = JSON.parse(await child.ask('answer = json.dumps(told)')) as Array<[number, number, number]>;
  const {regions} = capture(child.pid, {usage: false});
  const {parse} = await import('../../src/parse/parse.ts');
  const {readFileSync} = await import('node:fs');
  const bare = parse(readFileSync(`/proc/${child.pid}/maps`));
  t.is(bare.regions.length, regions.length);
  for (const [, start, size] of told) {
    const stack = at(bare, start + size - 1);
    t.is(stack?.kind, 'thread-stack');
    t.is(stack?.confidence, 'guess');
    t.is(at(bare, stack!.start - 1)?.kind, 'guard');
  }
});

testIf('python3')('a piece of the main stack below a page of other permissions is still of the stack', async (t) => {
  const child = await python(
    t,
    'libc = ctypes.CDLL(None); libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]',
  );
  const {start, end} = capture(child.pid).regions.find(({name}) => name === '[stack]')!;
  // The lowest pages were touched at exec or not at all: nothing there is needed now.
  t.is(await child.ask(`answer = str(libc.mprotect(${start} + 4096, 4096, 1))`), '0');
  const pieces = capturedWhole(t, child.pid).regions.filter((region) => region.start >= start && region.end <= end);
  t.is(pieces.length, 3);
  t.deepEqual([...new Set(pieces.map(({kind}) => kind))], ['stack']);
  t.is(pieces[0]?.name, '');
});

testIf('python3')(
  'a kind does not come and go between looks with smaps and without, nor while a thread runs',
  async (t) => {
    const child = await python(t, `${THREADS}\nblocks = []`);
    await asleep(child.pid);
    const session = new Session(child.pid, {maxDuty: 1});
    const sparing = new Session(child.pid, {maxDuty: 0.02});
    t.teardown(() => (session.close(), sparing.close()));
    const kinds = (): string[] => {
      const look = sparing.look();
      return look.saw === 'process'
        ? look.snapshot.regions
            .filter(({kind}) => kind === 'thread-stack' || kind === 'guard')
            .map(({kind, label}) => `${kind} ${label}`)
        : [];
    };
    const first = kinds();
    t.is(first.length, 6);
    for (let round = 0; round < 8; round++) {
      await child.ask(
        round % 2
          ? 'blocks.append(mmap.mmap(-1, 1 << 20))'
          : 'threading.Thread(target=lambda: sum(range(300000)), daemon=True).start()',
      );
      t.deepEqual(
        kinds().filter((kind) => first.includes(kind)),
        first,
      );
    }
  },
);
