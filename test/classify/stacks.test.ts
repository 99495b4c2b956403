import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {capture} from '../../src/procfs/capture.ts';
import {Session} from '../../src/procfs/sampling/session.ts';
import {asleep, Child, python} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
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

/** Threads on stacks of their own choice (pthread_attr_setstack(3)), and one on a stack of the C library. */
const CHOSEN = `
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static void *work(void *where) { volatile char here; *(void **)where = (void *)&here; for (;;) pause(); }
int main(void) {
  void *at[3] = {0, 0, 0};
  pthread_t thread;
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  char *data = mmap(0, 256 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(data, 1, 32 << 20);
  pthread_attr_setstack(&attr, data + (100 << 20), 1 << 20);
  pthread_create(&thread, &attr, work, &at[0]);
  char *bare = mmap(0, 3 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(bare + (2 << 20), 1 << 20, PROT_READ);
  pthread_attr_setstack(&attr, bare, 2 << 20);
  pthread_create(&thread, &attr, work, &at[1]);
  pthread_create(&thread, 0, work, &at[2]);
  for (int i = 0; i < 3; i++) while (!*(void *volatile *)&at[i]) usleep(1000);
  printf("%p %p %p\\n", at[0], at[1], at[2]);
  fflush(stdout);
  pause();
}
`;

testIf('gcc')(
  'a stack pointer is no proof of a stack: without a guard it is a guess, in a large mapping none',
  async (t) => {
    const place = folder(t);
    writeFileSync(join(place, 'chosen.c'), CHOSEN);
    execFileSync('gcc', ['-w', '-o', join(place, 'chosen'), join(place, 'chosen.c'), '-lpthread']);
    const child = new Child(t, join(place, 'chosen'), []);
    const pointers = (await child.line()).split(' ').map(Number);
    await asleep(child.pid);
    const snapshot = capturedWhole(t, child.pid);
    const [data, bare, own] = pointers.map((pointer) => at(snapshot, pointer)!);
    t.deepEqual([data!.kind, data!.confidence], ['anon', 'guess']);
    t.regex(data!.label ?? '', /^holds the stack of thread \d+ \(chosen\)$/);
    t.deepEqual([bare!.kind, bare!.confidence], ['thread-stack', 'guess']);
    t.deepEqual([own!.kind, own!.confidence], ['thread-stack', undefined]);
    t.is(at(snapshot, own!.start - 1)?.kind, 'guard');
  },
);
