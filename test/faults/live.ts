import {chmodSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {markdown} from './report.ts';
import {clean, isRoot, NOBODY} from './scene.ts';
import {run, type Ran} from '../helpers/cli.ts';

/** What may come of looking at a process that is not ours: it may also end meanwhile. */
const CALLS: ReadonlyArray<
  readonly [name: string, args: (pid: string, folder: string) => readonly string[], codes: readonly number[]]
> = [
  ['show', (pid) => ['show', pid], [0, 3, 4, 5]],
  ['show --json', (pid) => ['show', pid, '--json'], [0, 3, 4, 5]],
  ['show --children', (pid) => ['show', pid, '--children'], [0, 3, 4, 5]],
  ['show --map', (pid) => ['show', pid, '--map'], [0, 3, 4, 5]],
  ['snapshot', (pid) => ['snapshot', pid], [0, 3, 4, 5]],
  ['diff with itself', (pid) => ['diff', pid, pid], [0, 1, 3, 4, 5]],
  ['explain', (pid) => ['explain', pid], [0, 3, 4, 5]],
  ['pages', (pid) => ['pages', pid], [0, 3, 4, 5]],
  ['watch --count 2', (pid) => ['watch', pid, '--count', '2', '--interval', '10ms'], [0, 3, 4]],
  [
    'record --count 2',
    (pid, folder) => [
      'record',
      pid,
      '--count',
      '2',
      '--interval',
      '10ms',
      '-o',
      join(folder, `${pid}-${Math.random()}`),
    ],
    [0, 3, 4],
  ],
  ['growth --for 50ms', (pid) => ['growth', pid, '--for', '50ms'], [0, 1, 3, 4, 5]],
  ['check --no rwx', (pid) => ['check', pid, '--no', 'rwx'], [0, 1, 3, 4, 5]],
];

/** Every process of the machine, through every command, as root and as an ordinary user. */
export async function liveTable(): Promise<{text: string; failed: boolean}> {
  const bad: string[] = [];
  const rows: string[][] = [];
  const folder = mkdtempSync(join(tmpdir(), 'memmap-live-'));
  chmodSync(folder, 0o777);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  for (const user of isRoot ? ['root', 'nobody'] : ['an ordinary user']) {
    const codes = new Map<string, Map<string, number>>(CALLS.map(([name]) => [name, new Map()]));
    process.stderr.write(`live: ${pids.length} processes as ${user}\n`);
    const waiting = pids.flatMap((pid) =>
      CALLS.map(([name, args, codes]) => ({pid, name, args: args(pid, folder), codes})),
    );
    const worker = async (): Promise<void> => {
      for (let call = waiting.pop(); call; call = waiting.pop()) {
        const ran = await asUser(user, call.args);
        const fault = judge(call, ran);
        if (fault !== undefined) bad.push(`${call.name} ${call.pid} as ${user}: ${fault}`);
        const count = codes.get(call.name)!;
        count.set(String(ran.code), (count.get(String(ran.code)) ?? 0) + 1);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    for (const [name, count] of codes)
      rows.push([
        user,
        name,
        [...count]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([code, times]) => `${code}: ${times}`)
          .join(' · '),
      ]);
  }
  rmSync(folder, {recursive: true});
  for (const each of bad) process.stderr.write(`FAILED    ${each}\n`);
  const text = `## Every process of a machine

${pids.length} processes, kernel threads among them, through ${CALLS.length} calls each: only codes of the contract, no stack trace, nothing that a terminal would obey.

${markdown(['as', 'command', 'exit code: how often'], rows)}

${bad.length === 0 ? 'All as expected.' : bad.map((each) => `- **FAILED** ${each}`).join('\n')}
`;
  return {text, failed: bad.length > 0};
}

function asUser(user: string, args: readonly string[]): Promise<Ran> {
  const call = [process.execPath, join(process.cwd(), 'bin/run.js'), ...args];
  const words = user === 'nobody' ? [...NOBODY, ...call] : call;
  return run(words[0]!, words.slice(1));
}

function judge(
  {name, codes}: {readonly name: string; readonly codes: readonly number[]},
  {code, stdout, stderr}: Ran,
): string | undefined {
  try {
    clean(stderr);
    if (!/json|snapshot/.test(name)) clean(stdout);
    return codes.includes(code!) ? undefined : `ended with ${code}: ${stderr}`;
  } catch (error) {
    return (error as Error).message;
  }
}
