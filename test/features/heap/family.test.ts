import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {asleep, Child} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';

const MIB = 1024 * 1024;

interface Part {
  readonly name: string;
  readonly used: number | null;
  readonly kept: number | null;
}

interface Family {
  readonly sentence: string;
  readonly members: ReadonlyArray<{
    readonly process: {readonly pid: number};
    readonly runtime?: {readonly name: string; readonly parts: readonly Part[]};
  }>;
  readonly runtimes?: ReadonlyArray<{
    readonly name: string;
    readonly processes: number;
    readonly unknown: number;
    readonly used: number | null;
    readonly kept: number | null;
    readonly resident: number;
  }>;
}

/** @param codes 5 is of malloc's books: threads that are at work may tear them */
async function familyOf(t: ExecutionContext, pid: number, codes = [0]): Promise<Family> {
  const ran = await memmap(['heap', String(pid), '--children', '--json']);
  t.true(codes.includes(ran.code ?? -1), ran.stderr);
  const family = JSON.parse(ran.stdout) as Family;
  conforms(t, 'heap-family', family);
  return family;
}

const pythonsOf = ({members}: Family): Part[] =>
  members.map(({runtime}) => runtime!.parts.find(({name}) => name.startsWith("Python's objects"))!);

/** Workers that each say how much their objects have, as Python counts it. */
const PREFORK = `
import os, sys
folder, mine = sys.argv[1], sys.argv[2] == 'mine'
def fill():
    a = [str(i) * 8 for i in range(400000)]
    return a[::500]
kept = fill()
read, write = os.pipe()
for worker in range(3):
    if os.fork() == 0:
        if mine: kept = kept + fill()
        os.dup2(os.open(f'{folder}/{worker}', os.O_CREAT | os.O_WRONLY), 2)
        sys._debugmallocstats()
        os.write(write, b'.')
        sys.stdin.readline()
        os._exit(0)
for worker in range(3): os.read(read, 1)
print('ready', flush=True)
sys.stdin.readline()
`;

/** Of each worker: bytes in allocated blocks. */
const toldIn = (place: string): number[] =>
  [0, 1, 2].map((worker) => {
    const text = readFileSync(join(place, String(worker)), 'latin1');
    return Number(/^# bytes in allocated blocks\s+=\s+([\d,]+)$/m.exec(text)![1]!.replaceAll(',', ''));
  });

async function prefork(t: ExecutionContext, place: string, whose: 'mine' | 'shared'): Promise<Child> {
  const script = join(place, 'prefork.py');
  writeFileSync(script, PREFORK);
  const child = new Child(t, 'python3', [script, place, whose]);
  await child.line();
  await asleep(child.pid);
  return child;
}

testIf('python3', X64)(
  'a prefork Python: what its workers keep in their pools is said first, and adds up',
  async (t) => {
    const place = folder(t);
    const child = await prefork(t, place, 'mine');
    const family = await familyOf(t, child.pid);
    t.is(family.members.length, 4);
    const parts = pythonsOf(family);
    const [python] = family.runtimes!;
    t.like(python, {name: 'Python', processes: 4, unknown: 0});
    for (const key of ['used', 'kept'] as const)
      t.is(
        python![key],
        parts.reduce((sum, part) => sum + part[key]!, 0),
      );
    // What printing the statistics itself allocates.
    const workers = family.members.flatMap(({process}, index) => (process.pid === child.pid ? [] : [parts[index]!]));
    const [seen, told] = [workers.map(({used}) => used!), toldIn(place)].map((each) => each.sort((a, b) => a - b));
    for (const [index, used] of seen!.entries())
      t.true(Math.abs(used - told![index]!) < 4096, `${used}, ${told![index]}`);
    t.true(python!.kept! > 80 * MIB, JSON.stringify(python));
    t.true(python!.used! + python!.kept! <= python!.resident);
    t.regex(
      family.sentence,
      /^4 processes together: [\d.]+ of [\d.]+ MiB in Python's arenas is free and kept by Python: not a leak in itself; /,
    );
    const {stdout} = await memmap(['heap', String(child.pid), '--children']);
    t.regex(stdout, /^ *pid +in use +kept +resident +heap of +process$/m);
    t.regex(stdout, new RegExp(`^ *${child.pid} .* Python .*prefork`, 'm'));
    t.regex(stdout, /^ *all( +[\d.]+ [KMG]iB){3} +Python/m);
  },
);

testIf('python3', X64)('pages that workers share since fork count in each, and that is said', async (t) => {
  const child = await prefork(t, folder(t), 'shared');
  const family = await familyOf(t, child.pid);
  t.regex(family.sentence, /Pages that they share since fork\(2\) count in each\./);
  const [python] = family.runtimes!;
  const [first] = pythonsOf(family);
  t.true(python!.kept! > 3 * first!.kept!, JSON.stringify(python));
  const {stdout} = await memmap(['heap', String(child.pid), '--children']);
  t.regex(stdout.replaceAll('\n', ' '), /pages that processes share since fork\(2\) are in those of each/);
});

const JAVA = `class Idle {
  static byte[][] keep = new byte[40][1 << 20];
  public static void main(String[] words) throws Exception {
    System.gc();
    System.out.println("ready");
    System.in.read();
  }
}`;

testIf('java', X64)('a family of JVMs, one without counters: the sums leave it out, and say so', async (t) => {
  const source = join(folder(t), 'Idle.java');
  writeFileSync(source, JAVA);
  const java = 'java -Xmx128m -XX:+UseSerialGC';
  const shell = new Child(t, 'sh', [
    '-c',
    `exec 3<&0; ${java} ${source} <&3 & ${java} -XX:-UsePerfData ${source} <&3 & wait`,
  ]);
  await shell.line();
  await shell.line();
  const family = await familyOf(t, shell.pid, [0, 5]);
  t.is(family.members.length, 3);
  const heaps = family.members.flatMap(
    ({runtime}) => runtime?.parts.filter(({name}) => name === 'the Java heap') ?? [],
  );
  t.is(heaps.length, 2);
  const known = heaps.filter(({used}) => used !== null);
  t.is(known.length, 1);
  t.like(family.runtimes![0], {name: 'the JVM', processes: 2, unknown: 1, used: known[0]!.used, kept: known[0]!.kept});
  t.regex(family.sentence, /[Tt]he Java heap .* That is of 1 process\. Of 1 more it is not known\./);
  const {stdout} = await memmap(['heap', String(shell.pid), '--children']);
  t.regex(stdout, /^The sums leave out 1 heap of which it is not known what is in use and what is kept\.$/m);
});
