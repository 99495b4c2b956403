import {readFileSync} from 'node:fs';
import test from 'ava';
import type {Clues} from '../../src/model/clues/clues.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {parseAuxv} from '../../src/parse/proc/auxv.ts';
import {parseLimits} from '../../src/parse/proc/limits.ts';
import {parse} from '../../src/parse/parse.ts';
import {parseStackPointer} from '../../src/parse/proc/syscall.ts';
import {python} from '../helpers/child.ts';
import {testIf} from '../helpers/tools.ts';
import {bytesOf} from './tools.ts';

testIf('python3')("auxv: a process's own getauxval(3) says the same", async (t) => {
  const child = await python(t, 'libc = ctypes.CDLL(None); libc.getauxval.restype = ctypes.c_ulong');
  const told = (await child.ask('answer = " ".join(str(libc.getauxval(n)) for n in (6, 3, 7, 9, 33))'))
    .split(' ')
    .map(Number);
  const {pageSize, phdr, base, entry, vdso} = parseAuxv(readFileSync(`/proc/${child.pid}/auxv`));
  t.deepEqual([pageSize, phdr, base, entry, vdso], told);
});

test("auxv: a 32-bit program's words have 4 bytes, and what is not a vector gives nothing", (t) => {
  const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
  t.deepEqual(parseAuxv(words(6, 4096, 9, 0x8049000, 33, 0xf7f5a000, 0, 0)), {
    pageSize: 4096,
    entry: 0x8049000,
    vdso: 0xf7f5a000,
  });
  t.deepEqual(parseAuxv(bytesOf('what is this? no vector at all')), {});
  t.deepEqual(parseAuxv(new Uint8Array(0)), {});
  t.deepEqual(parseAuxv(words(6)), {});
});

testIf('python3')("limits: a process's own getrlimit(2) says the same", async (t) => {
  const child = await python(t, 'import resource');
  await child.ask('resource.setrlimit(resource.RLIMIT_DATA, (1 << 40, resource.RLIM_INFINITY))');
  const names = ['STACK', 'DATA', 'AS', 'MEMLOCK'];
  const told = await child.ask(
    `answer = " ".join(str(resource.getrlimit(getattr(resource, "RLIMIT_" + n))[0]) for n in ${JSON.stringify(names)})`,
  );
  const {stack, data, addressSpace, locked} = parseLimits(readFileSync(`/proc/${child.pid}/limits`));
  t.is([stack, data, addressSpace, locked].map((value) => value ?? -1).join(' '), told);
  t.is(data, 2 ** 40);
  t.is(parseLimits(readFileSync(`/proc/${child.pid}/limits`)).hardData, null);
  t.deepEqual(parseLimits(bytesOf('Max stack size\nMax data size  x y bytes\n')), {});
});

test('the stack pointer of a waiting thread, in each form that the kernel prints', (t) => {
  const cases: ReadonlyArray<[string, number | undefined]> = [
    ['230 0x1 0x1 0x7ffe357beaf0 0x0 0x0 0x0 0x7ffe357beab0 0x7f8a4a9f5545\n', 0x7ffe357beab0],
    ['-1 0x7ffe357beab0 0x7f8a4a9f5545\n', 0x7ffe357beab0],
    ['running\n', undefined],
    ['0 0x0\n', undefined],
    ['-1 0x0 0x0\n', undefined],
    ['-1 0xffffffffffffffff 0x0\n', undefined],
    ['', undefined],
  ];
  for (const [text, pointer] of cases) t.is(parseStackPointer(bytesOf(text)), pointer, text);
});

const CLUES: Clues = {
  pageSize: 4096,
  marks: {
    startCode: 1,
    endCode: 2,
    startStack: 0x7ffffffff001,
    startData: 3,
    endData: 4,
    startBrk: 5,
    argStart: 6,
    argEnd: 7,
    envStart: 8,
    envEnd: 9,
  },
  auxv: {phdr: 0x400040, base: 0, entry: 0x401000, vdso: 0x7fff00000000},
  threads: [
    {tid: 4, name: 'x)\n', stackPointer: 0x7f0000000018},
    {tid: 5, name: ''},
  ],
  files: {
    '/bin/x': {
      segments: [{offset: 0, address: 0x400000, fileSize: 512, memorySize: 4096, flags: 6}],
      relro: {start: 0x400000, end: 0x400100},
    },
    '/bin/y': {segments: []},
  },
  deleted: {'/tmp/x (deleted)': false},
  limits: {stack: 8_388_608, data: 0, hardData: null},
  maxMapCount: 65_530,
  capabilities: {ipcLock: true, sysAdmin: false},
  machine: {release: '6.18', ram: 2 ** 34, swap: 0, overcommit: 2, stackGuardPages: 256, ignoresDataLimit: true},
  cgroup: {
    version: 2,
    path: '/a',
    isWhole: true,
    limits: [{path: '/a', file: 'memory.max', limit: 2 ** 30, used: 2 ** 20}],
  },
};

type Json = Record<string, any>;
const document = (): Json =>
  JSON.parse(
    JSON.stringify(new Snapshot({source: {from: 'process', format: 'maps'}, regions: [], clues: CLUES})),
  ) as Json;

test('clues come back from a saved snapshot; addresses are hex strings, sizes are numbers', (t) => {
  t.deepEqual(parse(JSON.stringify(document())).clues, CLUES);
  const {clues} = document() as {clues: Json};
  t.is(clues['marks'].startStack, '0x7ffffffff001');
  t.is(clues['threads'][0].stackPointer, '0x7f0000000018');
  t.is(clues['files']['/bin/x'].segments[0].address, '0x400000');
  t.is(clues['files']['/bin/x'].segments[0].memorySize, 4096);
  t.is(new Snapshot({source: {from: 'capture', format: 'maps'}, regions: []}).toJSON()['clues'], undefined);
});

const WRONG: ReadonlyArray<[place: string, change: (clues: Json) => void]> = [
  ['clues.pageSize', (clues) => (clues['pageSize'] = '4096')],
  ['clues.marks.startCode', (clues) => (clues['marks'].startCode = 1)],
  ['clues.marks.envEnd', (clues) => delete clues['marks'].envEnd],
  ['clues.auxv.base', (clues) => (clues['auxv'].base = null)],
  ['clues.threads', (clues) => (clues['threads'] = {})],
  ['clues.threads[0].tid', (clues) => (clues['threads'][0].tid = 'x')],
  ['clues.threads[1].name', (clues) => delete clues['threads'][1].name],
  ['clues.threads[0].stackPointer', (clues) => (clues['threads'][0].stackPointer = '0xffffffffffffff')],
  ['clues.files', (clues) => (clues['files'] = [])],
  ['clues.files["/bin/x"].segments', (clues) => (clues['files']['/bin/x'] = {})],
  ['clues.files["/bin/x"].segments[0].flags', (clues) => (clues['files']['/bin/x'].segments[0].flags = -1)],
  ['clues.files["/bin/x"].relro.end', (clues) => (clues['files']['/bin/x'].relro.end = 5)],
  ['clues.deleted["/tmp/x (deleted)"]', (clues) => (clues['deleted']['/tmp/x (deleted)'] = 1)],
  ['clues.limits.stack', (clues) => (clues['limits'].stack = 1.5)],
  ['clues.limits.hardData', (clues) => (clues['limits'].hardData = 'unlimited')],
  ['clues.maxMapCount', (clues) => (clues['maxMapCount'] = -1)],
  ['clues.capabilities.sysAdmin', (clues) => delete clues['capabilities'].sysAdmin],
  ['clues.machine.release', (clues) => (clues['machine'].release = 6)],
  ['clues.machine.ram', (clues) => (clues['machine'].ram = '16 GiB')],
  ['clues.machine.ignoresDataLimit', (clues) => (clues['machine'].ignoresDataLimit = 1)],
  ['clues.cgroup.version', (clues) => (clues['cgroup'].version = 3)],
  ['clues.cgroup.isWhole', (clues) => delete clues['cgroup'].isWhole],
  ['clues.cgroup.limits[0].used', (clues) => (clues['cgroup'].limits[0].used = null)],
];

for (const [place, change] of WRONG) {
  test(`a snapshot whose ${place} is wrong is refused, and the place is named`, (t) => {
    const root = document();
    change(root['clues'] as Json);
    const error = t.throws(() => parse(JSON.stringify(root)), {instanceOf: Trouble});
    t.is(error?.kind, 'input');
    t.true(error?.why.startsWith(place), error?.why);
  });
}

test('names that every object has do no harm in saved clues', (t) => {
  const evil = '"__proto__":{"segments":[],"polluted":true},"constructor":{"segments":[]},"toString":{"segments":[]}';
  const text = JSON.stringify(document())
    .replace('"files":{', `"files":{${evil},`)
    .replace('"deleted":{', '"deleted":{"__proto__":true,"valueOf":true,')
    .replace('"clues":{', '"clues":{"__proto__":{"pageSize":1},');
  const {clues} = parse(text);
  t.deepEqual(clues, CLUES);
  t.is(({} as {polluted?: boolean}).polluted, undefined);
  for (const object of [clues, clues.files, clues.deleted]) t.is(Object.getPrototypeOf(object), Object.prototype);
});
