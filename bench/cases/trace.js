import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {Trace} from '../../dist/trace/trace.js';
import {folder} from '../folder.js';
import {program} from '../peers.js';
import {roundsOf} from '../plan.js';
import {takeTurns} from '../rounds.js';
import {missing, row} from '../row.js';

export const title = 'what tracing memory calls costs the process';

const SOURCE = 'test/trace/acts.c';

/** Processor time of a C program that says itself what a call took it, traced and not. */
export async function* run() {
  const gcc = program('gcc', 'gcc');
  if (!gcc.words) return yield missing('a memory call', gcc.missing);
  const acts = join(folder(), 'acts');
  execFileSync('gcc', ['-O1', '-w', '-o', acts, SOURCE, '-lpthread']);
  const lack = await whyNot();
  if (lack) return yield missing('a memory call', lack);
  const turns = (args, options) => [() => microseconds(acts, args, options), () => microseconds(acts, args)];
  const [stacks, bare] = await takeTurns(turns(['bursts', '20'], {}), roundsOf(7, 3));
  yield row('a memory call, with 16 KiB of its stack', stacks, {name: 'not traced', numbers: bare}, {unit: 'µs'});
  const more = stacks.map((value, i) => value - bare[i]);
  yield row('which is more by', more, undefined, {unit: 'µs', on: 'ours', limit: 8, goal: 4});
  const [storm, calm] = await takeTurns(turns(['loop', '20000', '0'], {}), roundsOf(7, 3));
  yield row('a memory call in a storm', storm, {name: 'not traced', numbers: calm}, {unit: 'µs'});
  const [traced, untraced] = await takeTurns(turns(['others', '2000000'], {}), roundsOf(7, 3));
  yield row(
    'getppid(2), which has nothing to do with memory',
    traced,
    {name: 'not traced', numbers: untraced},
    {unit: 'µs', limit: 1.5, goal: 1.1},
  );
}

/** @returns why perf events can't be had here */
async function whyNot() {
  try {
    await (await Trace.start(process.pid, {onEvent: () => {}})).stop();
    return undefined;
  } catch (error) {
    return error.why ?? String(error);
  }
}

/** @param options of the trace; without them there is none */
async function microseconds(acts, args, options) {
  const child = spawn(acts, args, {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  await lines.next();
  const trace = options && (await Trace.start(child.pid, {onEvent: () => {}, ...options}));
  child.stdin.write('\n');
  const {value} = await lines.next();
  await trace?.stop();
  child.stdin.end();
  await once(child, 'exit');
  return Number(value);
}
