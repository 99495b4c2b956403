import {execFileSync, spawnSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {asleep, Child, python} from '../../helpers/child.ts';
import {memmap, run} from '../../helpers/cli.ts';
import {files, folder, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {ROOT, testIf, unless} from '../../helpers/tools.ts';

interface Explained {
  readonly about: string;
  readonly known?: boolean;
  readonly words?: Array<{names: string[]; meaning: string; group: string}>;
  readonly totals?: {regions: number; rss?: number};
  readonly layout?: Array<{area: string}>;
  readonly unusual?: Array<{what: string; regions: Array<{start: string}>}>;
  readonly regions?: Array<{region: {name: string; start: string}; flags: Array<{code: string; known: boolean}>}>;
  readonly sections?: string[];
  readonly mapped?: boolean;
  readonly gap?: {why: string};
  readonly file?: {
    name: string;
    offset: string;
    ownAddress: string;
    section: string;
    symbol: {name: string; distance: number} | null;
    notes: string[];
  } | null;
  readonly page?: {present: boolean; exclusive: boolean; file: boolean} | null;
  readonly pageNote?: string | null;
}

async function explained(t: Parameters<typeof conforms>[0], ...args: string[]): Promise<Explained> {
  const {stdout, stderr, code} = await memmap(['explain', ...args, '--json']);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as Explained;
  conforms(t, 'explain', document);
  return document;
}

test('a word is explained without looking at anything', async (t) => {
  const {stdout, stderr, code} = await memmap(['explain', 'Pss', '--proc-root', folder(t)]);
  t.is(code, 0, stderr);
  t.regex(stdout, /^Pss: a counter of \/proc\/PID\/smaps\nmeaning +The fair share/);
  for (const label of ['but', 'unit', 'since', 'see', 'related']) t.regex(stdout, new RegExp(`^${label} `, 'm'));
  t.regex((await memmap(['explain', 'VmData'])).stdout, /RLIMIT_DATA/);
  t.regex((await memmap(['explain', 'nr'])).stdout, /MAP_NORESERVE/);
  t.regex((await memmap(['explain', '--', '---p'])).stdout, /may not be touched/i);
});

test('a word with two meanings has both, and JSON says the same', async (t) => {
  const document = await explained(t, 'text');
  t.is(document.about, 'word');
  t.deepEqual(
    document.words?.map(({group}) => group),
    ['kind', 'stat'],
  );
});

test('without an argument all words are listed', async (t) => {
  const {stdout, code} = await memmap(['explain']);
  t.is(code, 0);
  t.regex(stdout, /Private_Dirty/);
  t.regex(stdout, /rd {2}wr {2}ex/);
  t.is((await explained(t)).about, 'words');
});

test('a code that is not known is printed as unknown, and ends with 1', async (t) => {
  const {stdout, code} = await memmap(['explain', 'zz']);
  t.is(code, 1);
  t.regex(stdout, /^zz +unknown\./);
  const json = await memmap(['explain', 'zz', '--json']);
  t.is(json.code, 1);
  const document = JSON.parse(json.stdout) as Explained;
  conforms(t, 'explain', document);
  t.is(document.known, false);
});

test('an unknown word ends with 2 and names those that are spelled nearly so', async (t) => {
  const {stdout, stderr, code} = await memmap(['explain', 'PrivateDirt']);
  t.is(code, 2);
  t.is(stdout, '');
  t.regex(stderr, /^memmap: There is no word "PrivateDirt".\n {2}why: .*\n {2}next: Did you mean: Private_Dirty/);
});

test('a file that is called like a word is a target, which is said; a directory is not; --word is the word', async (t) => {
  const place = folder(t);
  writeFileSync(join(place, 'maps'), TUTORIAL[1]);
  const run1 = await memmap(['explain', 'maps'], {cwd: place});
  t.is(run1.code, 0);
  t.regex(run1.stdout, /^maps: a maps listing/);
  t.regex(run1.stderr, /memmap explain --word maps/);
  t.regex((await memmap(['explain', '--word', 'maps'], {cwd: place})).stdout, /^maps: a file of \/proc/);
  t.regex((await memmap(['explain', 'data'], {cwd: 'test/..'})).stdout, /^data: a kind/);
});

test('the story of a live process has its totals, its areas and what to do next', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  await asleep(child.pid);
  const {stdout, code, stderr} = await memmap(['explain', String(child.pid)]);
  t.is(code, 0, stderr);
  const lines = readFileSync(`/proc/${child.pid}/maps`, 'latin1').trimEnd().split('\n').length;
  t.regex(stdout, new RegExp(`^sh \\(pid ${child.pid}\\)`));
  t.regex(stdout, new RegExp(`in ${lines} regions`));
  for (const part of ['Program', 'Heap', 'mmap area', 'Stack', "Kernel's pages", 'Unusual', 'Next'])
    t.true(stdout.includes(part), part);
  const document = await explained(t, String(child.pid));
  t.is(document.about, 'process');
  t.is(document.totals?.regions, lines);
});

testIf('pmap')(
  'there is a story of bare maps, pmap, smaps, smaps_rollup, a snapshot and standard input; what is missing is said',
  async (t) => {
    const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
    await child.line();
    const proc = (file: string): Buffer => readFileSync(`/proc/${child.pid}/${file}`);
    const snapshot = (await memmap(['snapshot', String(child.pid)])).stdout;
    const [maps, smaps, rollup, saved] = files(t, proc('maps'), proc('smaps'), proc('smaps_rollup'), snapshot) as [
      string,
      string,
      string,
      string,
    ];
    t.regex((await memmap(['explain', maps])).stdout, /does not say what is in RAM/);
    t.regex((await memmap(['explain', smaps])).stdout, /fair share \(PSS\) is/);
    t.regex((await memmap(['explain', rollup])).stdout, /smaps_rollup has only sums/);
    t.regex((await memmap(['explain', saved])).stdout, new RegExp(`sh \\(pid ${child.pid}\\)`));
    for (const file of [maps, smaps, rollup, saved]) t.is((await explained(t, file)).about, 'process');
    t.regex((await memmap(['explain', '-'], {input: proc('smaps')})).stdout, /^standard input: smaps/);
    for (const flag of ['-p', '-x', '-X']) {
      const [listing] = files(t, execFileSync('pmap', [flag, String(child.pid)])) as [string];
      t.regex((await memmap(['explain', listing])).stdout, /^Next$/m, flag);
    }
  },
);

testIf('python3')('rwx memory and a deleted file that a process really maps are found', async (t) => {
  const child = await python(t);
  const file = join(folder(t), 'to-be-deleted');
  const rwx = Number(
    await child.ask(
      'm = mmap.mmap(-1, 8192, prot=7, flags=mmap.MAP_PRIVATE|mmap.MAP_ANONYMOUS); answer = ' +
        'ctypes.addressof(ctypes.c_char.from_buffer(m))',
    ),
  );
  await child.ask(
    `f = open(${JSON.stringify(file)}, "wb+"); f.write(b"x" * 4096); f.flush(); n = mmap.mmap(f.fileno(), 4096); ` +
      'os.unlink(f.name)',
  );
  const {unusual} = await explained(t, String(child.pid));
  const found = (what: string): string[] =>
    unusual?.find((finding) => finding.what === what)?.regions.map(({start}) => start) ?? [];
  t.true(found('rwx').includes(`0x${rwx.toString(16)}`));
  t.is(found('deleted').length, 1);
});

testIf(
  'python3',
  'nm',
  'gdb',
)('an address in libc of a live process is named as Python, nm and gdb name it', async (t) => {
  const child = await python(t, 'libc = ctypes.CDLL(None)');
  const names = ['malloc', 'printf', 'qsort', 'getaddrinfo', 'environ', 'stdout'];
  for (const name of names) {
    const address = Number(await child.ask(`answer = ctypes.addressof(ctypes.c_char.in_dll(libc, "${name}"))`));
    const {file, mapped} = await explained(t, String(child.pid), `0x${(address + 3).toString(16)}`);
    t.true(mapped);
    const listed = execFileSync('nm', ['-D', file!.name], {encoding: 'utf8'})
      .split('\n')
      .map((line) => line.replace(/@.*$/, '').split(' '));
    const own = listed.find(([, , symbol]) => symbol === name)?.[0];
    const aliases = listed.filter(([value]) => value === own).map(([, , symbol]) => symbol);
    t.true(aliases.includes(file!.symbol!.name), `${name} ${file!.symbol?.name}`);
    t.is(file!.symbol!.distance, 3);
    t.is(Number(file!.ownAddress), Number.parseInt(own!, 16) + 3);
    const said = execFileSync(
      'gdb',
      ['-q', '-batch', '-nx', '-p', String(child.pid), '-ex', `info symbol ${address + 3}`],
      {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']},
    );
    const [, symbol, section] = /^(\S+) \+ 3 in section (\S+)/m.exec(said) ?? [];
    t.true(aliases.includes(symbol!.replace(/@.*$/, '')), said);
    t.is(file!.section, section ?? '');
  }
});

testIf('python3')('the state of a page is what was done to it', async (t) => {
  const child = await python(t);
  const start = Number(
    await child.ask(
      // MADV_DONTDUMP: it is merged with no neighbour, and so has no room for a huge page.
      'm = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE|mmap.MAP_ANONYMOUS); m.madvise(16); m[4096] = 1; answer = ' +
        'ctypes.addressof(ctypes.c_char.from_buffer(m))',
    ),
  );
  const page = async (offset: number): Promise<Explained['page']> =>
    (await explained(t, String(child.pid), `0x${(start + offset).toString(16)}`)).page;
  t.like(await page(4096 + 17), {present: true, exclusive: true, file: false});
  t.like(await page(1 << 19), {present: false});
});

test('an address where nothing is mapped is shown with its neighbours, and why an access fails', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  const document = await explained(t, String(child.pid), '0x1234');
  t.false(document.mapped);
  t.regex(document.gap!.why, /null pointer/);
  t.regex((await memmap(['explain', String(child.pid), '0xdeadbeefdeadbeef'])).stdout, /is not mapped/);
});

test('a region is found by its name, its range or an address; its flags are in words', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  const pid = String(child.pid);
  const stack = await explained(t, pid, '[stack]');
  t.is(stack.regions?.length, 1);
  t.true(stack.regions![0]!.flags.every(({known}) => known));
  const range = /^(\S+) .*\[stack\]$/m.exec(readFileSync(`/proc/${pid}/maps`, 'latin1'))?.[1] ?? '';
  t.deepEqual(
    (await explained(t, pid, range)).regions!.map(({region}) => region.name),
    ['[stack]'],
  );
  t.true((await explained(t, pid, 'libc.so.6')).regions!.length >= 3);
  t.regex((await memmap(['explain', pid, 'libc.so.6'])).stdout, /regions match libc.so.6/);
  t.regex((await memmap(['explain', pid, '[stack]'])).stdout, /gd: Grows downwards/);
  t.regex((await memmap(['explain', pid, '[vdso]'])).stdout, /kind +vdso/);
});

testIf('pmap')('a capture is not taken for a file that now has the path, unless the inode is the same', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  const maps = readFileSync(`/proc/${child.pid}/maps`, 'latin1');
  const [good, other, none] = files(
    t,
    maps,
    maps.replaceAll(/ (\d+)( +\/)/g, ' 1$1$2'),
    execFileSync('pmap', [String(child.pid)]),
  ) as [string, string, string];
  const text = /^([0-9a-f]+)-\S+ r-xp .*libc/m.exec(maps)![1]!;
  const same = await explained(t, good, `0x${text}`);
  t.truthy(same.file?.section);
  t.regex(same.file!.notes.join(' '), /same inode number/);
  t.regex(same.pageNote!, /only a live process/);
  for (const file of [other, none]) {
    const refused = await explained(t, file, `0x${text}`);
    t.falsy(refused.file?.symbol);
  }
});

test('bad places end with 2, and an address is never taken for decimal', async (t) => {
  const [listing] = files(t, TUTORIAL[1]) as [string];
  for (const [place, words] of [
    ['4194304', /hexadecimal or decimal/],
    ['0x12345678901234567', /more than 64 bits/],
    ['no-such-library', /No region matches/],
  ] as const) {
    const {code, stderr, stdout} = await memmap(['explain', listing, place]);
    t.is(code, 2, place);
    t.is(stdout, '');
    t.regex(stderr, words);
  }
  t.is((await memmap(['explain', '999999999'])).code, 3);
  t.is((await memmap(['explain', '2'])).code, 3);
  t.is((await memmap(['explain', './missing'])).code, 6);
  t.is((await memmap(['explain', 'package.json'])).code, 6);
});

const NOBODY = ['--reuid=65534', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all'] as const;

/** May the user nobody run memmap from here? */
const READABLE = unless(
  spawnSync('setpriv', [...NOBODY, 'sh', '-c', `test -x ${process.execPath} && test -r bin/run.js`]).status === 0,
  'the user nobody may not read this folder',
);

testIf(
  'setpriv',
  ROOT,
  READABLE,
)('a process that may not be looked at ends with 4, and what anybody may see is said', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  const args = [...NOBODY, process.execPath, 'bin/run.js', 'explain', String(child.pid)];
  const {code, stderr} = await run('setpriv', args);
  t.is(code, 4, stderr);
  t.regex(stderr, /What anybody may see of it \(status\): sh has .* of address space, .* in RAM/);
});

test('names from outside can not move the cursor', async (t) => {
  const evil = '00400000-00401000 rwxp 00000000 fd:00 7 /tmp/\x1b[2J\x9b1m\x07\rx\u202e (deleted)\n';
  const [file] = files(t, Buffer.from(evil, 'utf8')) as [string];
  for (const args of [[file], [file, '0x400010'], [file, 'tmp'], [file, 'none'], [`\x1b[31m`], [file, '\x1b[31m']]) {
    const {stdout, stderr} = await memmap(['explain', ...args]);
    t.notRegex(stdout + stderr, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
});

for (const columns of [40, 80, 100]) {
  testIf('script')(`on a terminal of ${columns} columns no line is cut`, async (t) => {
    const [file] = files(t, readFileSync('test/fixtures/smaps/python3.txt')) as [string];
    for (const args of [
      [file],
      [file, "'[heap]'"],
      [file, '0x1234'],
      ['Private_Dirty'],
      ['anon_inode:x'],
      [],
      ['zz'],
    ]) {
      const terminal = new TerminalRun(t, ['explain', ...args], {columns, rows: 400});
      await terminal.end();
      const {lines} = terminal;
      t.true(lines.length > 3);
      for (const line of lines) t.true(line.length <= columns, `${line.length}: ${line}`);
    }
  });
}
