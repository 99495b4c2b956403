/*
 * Memory that changes without a call of the program's own threads, or by one in an unusual way: what it is put down to,
 * beside a C program that does it.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {MEMMAP} from '../../helpers/cli.ts';
import {Child} from '../../helpers/child.ts';
import {folder} from '../../helpers/listings.ts';
import {has} from '../../helpers/programs.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {compiled, perfLack} from '../../trace/target.ts';
import {CauseEvents} from './events.ts';

const NEEDS = [X64, 'gcc'] as const;
const PERF = [ROOT, await perfLack()] as const;
const others = has('gcc') ? compiled('test/features/cause/others.c') : '';

/** Each engine, and what it needs. */
const ENGINES = [
  ['perf', PERF],
  ['ptrace', []],
] as const;

/** Runs it, and lets it go on each time when a sample has seen what it has mapped last. */
async function ran(t: ExecutionContext, engine: string, words: readonly string[]): Promise<CauseEvents> {
  const file = join(folder(t), 'events');
  const flags = ['--cause', '--cause-engine', engine, '--no-children', '--interval', '20ms', '--json', '-o', file];
  const child = new Child(t, process.execPath, [MEMMAP, 'run', ...flags, '--', ...words]);
  const ended = new Promise((resolve) => child.process.once('close', resolve));
  const read = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const next = (): Promise<string | undefined> => child.line().catch(() => undefined);
  for (let line = await next(); line !== undefined; line = await next()) {
    const start = Number.parseInt(line, 16);
    await until(() => covers(read(), start), `a sample with ${line}`);
    child.process.stdin!.write('\n');
  }
  await ended;
  return new CauseEvents(t, read());
}

interface Range {
  readonly start: string;
  readonly end: string;
}

/** Is an address in what was there when the program began, or in what has changed since? */
function covers(text: string, address: number): boolean {
  const lines = text.split('\n').filter((line) => /"event":"(exec|change)"/.test(line) && line.endsWith('}'));
  const told = lines.map((line) => JSON.parse(line) as {changes?: {range: Range}[]; regions?: Range[]});
  return told
    .flatMap(({changes = [], regions = []}) => [...changes.map(({range}) => range), ...regions])
    .some(({start, end}) => Number(start) <= address && address < Number(end));
}

/** Changes of so many pages. */
const ofPages = ({changes}: CauseEvents, pages: number, kind: string) =>
  changes.filter((change) => change.kind === kind && bytesOf(change) === pages * 4096);

type Change = CauseEvents['changes'][number];

const bytesOf = ({range}: Change): number => Number(range.end) - Number(range.start);

/** Names of the calls behind a change, each once. */
const names = (events: CauseEvents, {causes = []}: Change): string[] => [
  ...new Set(causes.map(({call}) => events.calls.get(call)!.name)),
];

for (const [engine, needs] of ENGINES) {
  testIf(...NEEDS, ...needs).serial(
    `${engine}: what a process does that shares the memory is never a call of the program`,
    async (t) => {
      const events = await ran(t, engine, [others, 'share']);
      const found = [
        ['new', 43],
        ['gone', 35],
        ['reprotected', 32],
      ] as const;
      const unseen = found.flatMap(([kind, pages]) => ofPages(events, pages, kind));
      t.deepEqual(
        unseen.map(({kind, causes, why}) => [kind, causes?.length, why]),
        found.map(([kind]) => [kind, 0, 'other-process']),
      );
      // The program mapped it as r--, and the other process as rw- since.
      const over = events.changes.filter((change) => change.kind !== 'touched' && bytesOf(change) === 39 * 4096);
      const [last] = over.slice(-1);
      t.deepEqual([last?.causes?.length, last?.why], [0, 'other-process']);
      t.regex(JSON.stringify(events.end.notes), /1 process that it made shares its memory \(CLONE_VM\)/);
    },
  );

  testIf(...NEEDS, ...needs).serial(
    `${engine}: what a process does to memory of its own is not entered, also if the kernel takes it for a thread`,
    async (t) => {
      const events = await ran(t, engine, [others, 'copy']);
      t.is(events.end.calls['munmap']!.seen, 1);
      t.is(ofPages(events, 35, 'gone').length + ofPages(events, 32, 'gone').length, 0);
      t.regex(JSON.stringify(events.end.notes), /It started 1 process: its memory calls were not watched/);
      t.notRegex(JSON.stringify(events.end.notes), /CLONE_VM/);
    },
  );

  testIf(...NEEDS, ...needs).serial(`${engine}: threads that end at once are not told as processes`, async (t) => {
    const {end} = await ran(t, engine, [others, 'quick']);
    t.notRegex(JSON.stringify(end.notes ?? []), /It started/);
  });

  testIf(...NEEDS, ...needs).serial(`${engine}: a call of 32-bit programs is no driver`, async (t) => {
    const events = await ran(t, engine, [others, 'compat']);
    const [made] = events.changes.filter(({unexplained = 0}) => unexplained > 0);
    // Without CONFIG_IA32_EMULATION there is none.
    if (made) t.is(made.why, 'unknown');
    else t.pass();
  });

  testIf(...NEEDS, ...needs).serial(
    `${engine}: a program of 32 bits is told as one whose calls aren't seen`,
    async (t) => {
      const place = folder(t);
      const [source, program] = [join(place, 'program.c'), join(place, 'program')];
      const call = '__asm__ volatile("push %%ebp; xor %%ebp,%%ebp; int $0x80; pop %%ebp" : "=a"(r) :';
      writeFileSync(
        source,
        `void _start(void) { int r, t[2] = {0, 300000000}; for (int i = 1; i < 4; i++) {
        ${call} "a"(192), "b"(0), "c"(8192 * i), "d"(3), "S"(0x22), "D"(-1) : "memory");
        __asm__ volatile("int $0x80" : "=a"(r) : "a"(162), "b"(t), "c"(0) : "memory"); }
        __asm__ volatile("int $0x80" : : "a"(1), "b"(0)); }`,
      );
      execFileSync('gcc', ['-m32', '-O1', '-w', '-static', '-nostdlib', '-fno-pie', '-no-pie', '-o', program, source]);
      try {
        execFileSync(program);
      } catch {
        t.log('this kernel runs no 32-bit programs');
        return t.pass();
      }
      const events = await ran(t, engine, [program]);
      t.regex(JSON.stringify(events.end.notes), /It is a 32-bit program: /);
      t.deepEqual(events.end.calls, {});
      for (const change of events.changes.filter(({kind}) => kind === 'grown'))
        t.deepEqual([names(events, change), change.why], [[], 'unknown']);
      return undefined;
    },
  );
}

testIf(...NEEDS, ...PERF).serial(
  'a mapping with MAP_GROWSDOWN grows like a stack, and is protected as a whole',
  async (t) => {
    const events = await ran(t, 'perf', [others, 'growing']);
    const [grown] = ofPages(events, 19, 'grown');
    t.deepEqual([names(events, grown!), grown!.unexplained], [['stack growth'], 0]);
    const [reprotected] = ofPages(events, 20, 'reprotected');
    t.deepEqual([names(events, reprotected!), reprotected!.unexplained], [['mprotect'], 0]);
  },
);

testIf(...NEEDS, ...PERF).serial('guard pages are put down to the advice that made them', async (t) => {
  const events = await ran(t, 'perf', [others, 'advice']);
  for (const change of events.changes.filter(({text}) => text.includes('guard pages'))) {
    const [only, ...more] = (change.causes ?? []).map(({call}) => events.calls.get(call)!);
    t.deepEqual([only?.name, only?.args?.[2], more.length, change.unexplained], ['madvise', '0x66', 0, 0]);
  }
  t.pass();
});

testIf(...NEEDS, ...PERF).serial(
  'what one mremap of several mappings has moved before it failed is told',
  async (t) => {
    const events = await ran(t, 'perf', [others, 'sealed']);
    t.deepEqual(
      events.changes.filter(({unexplained = 0}) => unexplained > 0).map(({kind, text}) => ({kind, text})),
      [],
    );
  },
);

testIf(...NEEDS, ...PERF).serial(
  'where calls were lost, no earlier one is named that a lost one may have undone',
  async (t) => {
    const events = await ran(t, 'perf', [others, 'flood']);
    const mapped = events.changes.filter(({kind}) => /^(new|reprotected)$/.test(kind));
    for (const {text, causes = []} of mapped) {
      const perms = /(?:to |, )([r-][w-][x-]p)/.exec(text)?.[1];
      const prots = causes.map(({call}) => events.calls.get(call)!).flatMap(({args}) => Number(args?.[2]));
      for (const prot of prots) t.is(perms, `${prot & 1 ? 'r' : '-'}${prot & 2 ? 'w' : '-'}-p`, text);
    }
    const unknown = events.changes.filter(({unexplained = 0}) => unexplained > 0);
    t.deepEqual([...new Set(unknown.map(({why}) => why))], unknown.length > 0 ? ['lost-events'] : []);
    t.is(events.end.lost > 0 || unknown.length === 0, true);
    t.log({lost: events.end.lost, changes: mapped.length, unknown: unknown.length});
  },
);
