import type {Verdict} from '../../../src/features/growth/verdict/judge.ts';

/**
 * Python programs of which it is known what their memory does, in steps: after each `yield` somebody looks. They take
 * anonymous memory from the kernel by mmap and write to it, so that no allocator is in between, but for one, where the
 * allocator is the point.
 */
export interface KnownProgram {
  /** The body of a generator. */
  readonly code: string;
  readonly verdict: Verdict | readonly Verdict[];
  /** Bytes a step, for what grows. */
  readonly rate?: number;
}

export const PRELUDE = `
import mmap, random, threading
K = 1024
random.seed(7)
kept = []
def take(size):
    m = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for at in range(0, size, 4096): m[at] = 1
    return m
`;

/** So many steps are looked at. */
export const STEPS = 120;

export const KNOWN_PROGRAMS: Readonly<Record<string, KnownProgram>> = {
  'fast leak': {code: 'while True: kept.append(take(512*K)); yield', verdict: 'steady growth', rate: 512 * 1024},
  'slow leak': {code: 'while True: kept.append(take(4*K)); yield; yield', verdict: 'steady growth', rate: 2048},
  'leak behind a sawtooth': {
    code: `
while True:
    teeth = []
    for i in range(10): teeth.append(take(256*K)); yield
    for m in teeth: m.close()
    kept.append(take(160*K))`,
    verdict: 'steady growth',
    rate: 16 * 1024,
  },
  'leak that comes late': {
    code: `
for i in range(50): yield
while True: kept.append(take(64*K)); yield`,
    verdict: 'steady growth',
    rate: 64 * 1024,
  },
  'leak in lumps': {
    code: `
while True:
    if random.random() < 0.2: kept.append(take(1024*K))
    yield`,
    verdict: 'steady growth',
    rate: 0.2 * 1024 * 1024,
  },
  'growth by fragmentation': {
    code: `
big = []
while True:
    for i in range(32): big.append(bytearray(3000)); kept.append(bytearray(600))
    big.clear()
    yield`,
    verdict: 'steady growth',
  },
  sawtooth: {
    code: `
while True:
    teeth = []
    for i in range(8): teeth.append(take(512*K)); yield
    for m in teeth: m.close()`,
    verdict: 'sawtooth',
  },
  'cache that fills to a limit': {
    code: `
while True:
    kept.append(take(256*K))
    if len(kept) > 60: kept.pop(0).close()
    yield`,
    verdict: 'plateau',
  },
  'warm-up': {
    code: `
for i in range(25): kept.append(take(256*K)); yield
while True: yield`,
    verdict: 'plateau',
  },
  'one big step': {
    code: `
for i in range(50): yield
kept.append(take(20*K*K))
while True: yield`,
    verdict: 'step',
  },
  noise: {
    code: `
base = take(8*K*K)
while True: m = take(random.randrange(1, 64)*64*K); yield; m.close()`,
    verdict: 'sawtooth',
  },
  'small noise': {
    code: `
base = take(64*K*K)
while True: m = take(random.randrange(1, 64)*16*K); yield; m.close()`,
    verdict: 'flat',
  },
  idle: {code: 'while True: yield', verdict: 'flat'},
  'thread churn': {
    code: `
def work(): m = take(128*K); yielded.wait(); m.close()
while True:
    yielded = threading.Event()
    threads = [threading.Thread(target=work) for _ in range(random.randrange(1, 9))]
    for one in threads: one.start()
    yield
    yielded.set()
    for one in threads: one.join()`,
    verdict: ['sawtooth', 'flat'],
  },
  shrinking: {
    code: `
for i in range(200): kept.append(take(128*K))
while True:
    if kept: kept.pop().close()
    yield`,
    verdict: 'shrinks',
  },
};
