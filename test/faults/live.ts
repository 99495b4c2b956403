import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {markdown} from './report.ts';
import {clean, isRoot, NOBODY} from './scene.ts';
import {run, type Ran} from '../helpers/cli.ts';

/** What may come of looking at a process that is none of ours: it may also end meanwhile. */
const ALLOWED: Readonly<Record<string, readonly number[]>> = {
  show: [0, 3, 4, 5],
  'show --json': [0, 3, 4, 5],
  snapshot: [0, 3, 4, 5],
  'diff with itself': [0, 1, 3, 4, 5],
  'watch --count 2': [0, 3, 4],
};

const calls = (pid: string): ReadonlyArray<readonly [string, readonly string[]]> => [
  ['show', ['show', pid]],
  ['show --json', ['show', pid, '--json']],
  ['snapshot', ['snapshot', pid]],
  ['diff with itself', ['diff', pid, pid]],
  ['watch --count 2', ['watch', pid, '--count', '2', '--interval', '10ms']],
];

/** Every process of the machine, through every command, as root and as an ordinary user. */
export async function liveTable(): Promise<{text: string; failed: boolean}> {
  const bad: string[] = [];
  const rows: string[][] = [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid); // prettier-ignore
  for (const user of isRoot ? ['root', 'nobody'] : ['an ordinary user']) {
    const codes = new Map<string, Map<string, number>>(Object.keys(ALLOWED).map((name) => [name, new Map()]));
    process.stderr.write(`live: ${pids.length} processes as ${user}\n`);
    const waiting = pids.flatMap((pid) => calls(pid).map(([name, args]) => ({pid, name, args})));
    const worker = async (): Promise<void> => {
      for (let call = waiting.pop(); call; call = waiting.pop()) {
        const ran = await asUser(user, call.args);
        const fault = judge(call.name, ran);
        if (fault !== undefined) bad.push(`${call.name} ${call.pid} as ${user}: ${fault}`);
        const count = codes.get(call.name)!;
        count.set(String(ran.code), (count.get(String(ran.code)) ?? 0) + 1);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    for (const [name, count] of codes) rows.push([user, name, [...count].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([code, times]) => `${code}: ${times}`).join(' · ')]); // prettier-ignore
  }
  for (const each of bad) process.stderr.write(`FAILED    ${each}\n`);
  const text = `## Every process of a machine

${pids.length} processes, kernel threads among them, through five calls each: only codes of the contract, no stack trace, nothing for a terminal to obey.

${markdown(['as', 'command', 'exit code: how often'], rows)}

${bad.length === 0 ? 'All as they should be.' : bad.map((each) => `- **FAILED** ${each}`).join('\n')}
`;
  return {text, failed: bad.length > 0};
}

function asUser(user: string, args: readonly string[]): Promise<Ran> {
  const call = [process.execPath, join(process.cwd(), 'bin/run.js'), ...args];
  const words = user === 'nobody' ? [...NOBODY, ...call] : call;
  return run(words[0]!, words.slice(1));
}

function judge(name: string, {code, stdout, stderr}: Ran): string | undefined {
  try {
    clean(stderr);
    if (!/json|snapshot/.test(name)) clean(stdout);
    return ALLOWED[name]!.includes(code!) ? undefined : `ended with ${code}: ${stderr}`;
  } catch (error) {
    return (error as Error).message;
  }
}
