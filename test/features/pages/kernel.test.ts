import {release} from 'node:os';
import test, {type ExecutionContext} from 'ava';
import {ProcessHandle} from '../../../src/procfs/handle.ts';
import {PAGE} from '../../../src/model/pages/pages.ts';
import {pageStateAt} from '../../../src/procfs/pages/pagemap.ts';
import {inState, python, type Child} from '../../helpers/child.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf, unless, X64} from '../../helpers/tools.ts';
import {allPages, pagesIn} from './look.ts';

// The kernel is the outside maker: a program does something to its pages, one by one, and they are counted.

const P = 4096;
const AT = 0x200000000000;

/** A Python that maps and touches pages by number. */
const prelude = `
import time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
P = ${P}
AT = ${AT}
def map(pages, flags=0x100022, fd=-1, at=AT):
    got = libc.mmap(ctypes.c_void_p(at), ctypes.c_size_t(pages * P), 3, flags, fd, ctypes.c_long(0))
    assert got == at
def write(*pages): [ctypes.memset(ctypes.c_void_p(AT + page * P), 7, 1) for page in pages]
def read(*pages): return sum(ctypes.c_ubyte.from_address(AT + page * P).value for page in pages)
def advise(first, count, advice): return libc.madvise(ctypes.c_void_p(AT + first * P), ctypes.c_size_t(count * P), advice)
def child(*pages):
    pid = os.fork()
    if pid == 0:
        write(*pages)
        os.write(ready, b'x')
        time.sleep(60)
        os._exit(0)
    os.read(asked, 1)
    return pid
asked, ready = os.pipe()
`;

const start = (t: ExecutionContext): Promise<Child> => python(t, prelude);

testIf('python3', X64)('every third page that is written is present, anonymous and its own', async (t) => {
  const child = await start(t);
  t.like(await child.ask('map(64)').then(() => pagesIn(child.pid, AT, 64)), {pages: 64, absent: 64, present: 0});
  await child.ask('write(*range(0, 64, 3))');
  t.like(pagesIn(child.pid, AT, 64), {present: 22, anonymous: 22, exclusive: 22, sharedOrZero: 0, absent: 42, file: 0});
});

testIf('python3', X64)(
  'pages that are only read are the zero page: present, not exclusive, and not in Rss',
  async (t) => {
    const child = await start(t);
    await child.ask('map(32); read(*range(8)); write(20, 21)');
    const totals = pagesIn(child.pid, AT, 32);
    t.like(totals, {present: 10, exclusive: 2, sharedOrZero: 8, absent: 22});
    const {frames, regions} = allPages(child.pid);
    const region = regions.find((each) => each.start === AT)!;
    t.is(region.region.usage?.rss, 2 * P);
    if (frames === 'known') t.is(totals.zero, 8);
    else t.log('frame numbers are hidden here: that the 8 are the zero page was not checked');
  },
);

testIf('python3', X64)('pages that are given back are absent', async (t) => {
  const child = await start(t);
  await child.ask('map(40); write(*range(40)); advise(4, 10, 4)');
  t.like(pagesIn(child.pid, AT, 40), {present: 30, absent: 10});
  t.like(pagesIn(child.pid, AT + 4 * P, 10), {pages: 10, present: 0, absent: 10});
});

testIf('python3', X64)('after fork pages are shared, until one of the two writes to them', async (t) => {
  const child = await start(t);
  await child.ask('map(16); write(*range(16))');
  t.like(pagesIn(child.pid, AT, 16), {exclusive: 16, sharedOrZero: 0});
  const fork = Number(await child.ask('answer = child(*range(6))'));
  t.teardown(() => process.kill(fork, 'SIGKILL'));
  for (const pid of [child.pid, fork]) t.like(pagesIn(pid, AT, 16), {present: 16, exclusive: 6, sharedOrZero: 10});
  await child.ask('write(15)');
  for (const pid of [child.pid, fork]) t.like(pagesIn(pid, AT, 16), {present: 16, exclusive: 7, sharedOrZero: 9});
});

testIf('python3', X64)('a private file mapping has pages of the file, and its own where it was written', async (t) => {
  const child = await start(t);
  const file = `${folder(t)}/sixteen-pages`;
  await child.ask(`fd = os.open('${file}', os.O_RDWR | os.O_CREAT); os.write(fd, b'x' * 16 * P)`);
  await child.ask('map(16, 0x100002, fd); read(*range(16)); write(1, 2, 5, 8)');
  t.like(pagesIn(child.pid, AT, 16), {present: 16, file: 12, anonymous: 4, exclusive: 16});
});

testIf('python3', X64)('a shared file mapping and a memfd have pages of a file, written or not', async (t) => {
  const child = await start(t);
  const file = `${folder(t)}/sixteen-pages`;
  await child.ask(`fd = os.open('${file}', os.O_RDWR | os.O_CREAT); os.write(fd, b'x' * 16 * P)`);
  await child.ask('map(16, 0x100001, fd); read(*range(16)); write(1, 2, 5, 8)');
  t.like(pagesIn(child.pid, AT, 16), {present: 16, file: 16, anonymous: 0});
  await child.ask(
    'libc.munmap(ctypes.c_void_p(AT), ctypes.c_size_t(16 * P)); m = os.memfd_create("m"); os.ftruncate(m, 8 * P)',
  );
  await child.ask('map(8, 0x100001, m); write(0, 2, 3, 6, 7)');
  t.like(pagesIn(child.pid, AT, 8), {present: 5, file: 5, exclusive: 5, absent: 3});
});

testIf('python3', X64)('locked memory is present at once', async (t) => {
  const child = await start(t);
  const answer = await child.ask('map(10); answer = libc.mlock(ctypes.c_void_p(AT), ctypes.c_size_t(10 * P))');
  t.is(answer, '0');
  t.like(pagesIn(child.pid, AT, 10), {present: 10, absent: 0});
});

/** MADV_GUARD_INSTALL is of Linux 6.13; pagemap tells guard regions from swapped pages since 6.15. */
const [major = 0, minor = 0] = release().split('.').map(Number);
const GUARDS = unless(
  major > 6 || (major === 6 && minor >= 15),
  `Linux ${release()} shows no guard regions (6.15 does)`,
);

testIf(
  'python3',
  X64,
  GUARDS,
)('guard regions are told from swapped pages', async (t) => {
  const child = await start(t);
  const MADV_GUARD_INSTALL = 102;
  t.is(await child.ask(`map(16); answer = advise(2, 3, ${MADV_GUARD_INSTALL})`), '0');
  t.like(pagesIn(child.pid, AT, 16), {guard: 3, swapped: 0, absent: 13, present: 0});
});

testIf('python3', X64)('the state of one page can be asked for', async (t) => {
  const child = await start(t);
  await child.ask('map(4); write(1)');
  const handle = new ProcessHandle(child.pid);
  t.teardown(() => handle.close());
  t.is(pageStateAt(handle, AT, P), 0);
  t.is((pageStateAt(handle, AT + P + 123, P) ?? 0) & PAGE.present, PAGE.present);
  t.is(pageStateAt(handle, 2 ** 47 + P, P), undefined);
});

testIf('python3', X64)(
  'of a stopped process present pages are what smaps has resident, but for the zero page',
  async (t) => {
    const child = await start(t);
    await child.ask('map(300); write(*range(0, 200)); read(*range(250, 260))');
    child.process.kill('SIGSTOP');
    await inState(child.pid, 'T');
    const {regions, totals} = allPages(child.pid);
    for (const each of regions) {
      if (each.totals.unread > 0) continue;
      const rss = (each.region.usage?.rss ?? 0) / P;
      const isOurs = each.start === AT;
      if (isOurs) t.is(each.totals.present, rss + 10);
      else
        t.true(each.totals.present >= rss && each.totals.present - rss <= each.totals.sharedOrZero, each.region.name);
    }
    t.is(
      totals.pages * P,
      regions.reduce((sum, {start, end}) => sum + end - start, 0),
    );
  },
);

testIf('python3', X64)('terabytes of reserved addresses are not read, and a part of them can be', async (t) => {
  const child = await start(t);
  await child.ask('libc.mmap(ctypes.c_void_p(AT), ctypes.c_size_t(16 << 40), 0, 0x104022, -1, ctypes.c_long(0))');
  const region = allPages(child.pid).regions.find((each) => each.start === AT)!;
  t.regex(region.unread!, /nothing in it is resident/);
  t.is(region.totals.unread, 2 ** 32);
  t.like(pagesIn(child.pid, AT + 2 ** 30, 100), {pages: 100, absent: 100, unread: 0});
});

test('pages of [vsyscall] and [vvar] are not called absent: the kernel does not say', (t) => {
  const {regions} = allPages(process.pid);
  const special = regions.filter(({region}) => /^\[(vsyscall|vvar)\]$/.test(region.name));
  for (const each of special) {
    t.is(each.totals.unread, each.totals.pages, each.region.name);
    t.truthy(each.unread);
  }
  t.log(`found: ${special.map(({region}) => region.name).join(' ')}`);
  t.pass();
});
