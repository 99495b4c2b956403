import {fileURLToPath} from 'node:url';
import fc from 'fast-check';
import {Trouble} from '../../src/model/trouble.ts';
import {anyInput} from './mutations.ts';
import {checkInput, LIMIT} from './properties.ts';

/** ms that a batch may take; making a finding small ends then. */
const SHRINKING = 60_000;

/** Inputs that have one seed. */
export const BATCH = 1000;

/** What a batch came to: how many inputs were snapshots, were refused with a reason, or showed what was found already. */
export interface Report {
  readonly batch: number;
  readonly snapshots: number;
  readonly refused: number;
  readonly known: number;
  /** ms of processor time of the slowest input. */
  readonly slowest: number;
  /** Of all inputs together. */
  readonly bytes: number;
  /** Of this process, in bytes. */
  readonly rss: number;
  readonly findings: readonly string[];
}

/** What was found already is counted, and the batch goes on; what is new is made as small as it can be. */
const found = new Set<string>();

export function oneBatch(seed: number, batch: number, numRuns: number): Report {
  const findings: string[] = [];
  for (;;) {
    let [snapshots, refused, known, slowest, bytes] = [0, 0, 0, 0, 0];
    const property = fc.property(anyInput, (input) => {
      const begin = process.cpuUsage();
      try {
        if (checkInput(input) instanceof Trouble) refused++;
        else snapshots++;
      } catch (error) {
        if (!found.has(keyOf(error))) throw error;
        known++;
      }
      const {user, system} = process.cpuUsage(begin);
      const ms = (user + system) / 1000;
      slowest = Math.max(slowest, ms);
      bytes += input.length;
      if (ms > LIMIT && !found.has('it took too long')) throw new Error('it took too long');
    });
    const {failed, errorInstance, counterexample} = fc.check(property, {
      numRuns,
      seed: seed + batch,
      interruptAfterTimeLimit: SHRINKING,
    });
    if (!failed) return {batch, snapshots, refused, known, slowest, bytes, rss: process.memoryUsage.rss(), findings};
    found.add(keyOf(errorInstance));
    findings.push(
      `${keyOf(errorInstance)}\n${stackOf(errorInstance)}\n  input: ${JSON.stringify(counterexample![0].toString('latin1'))}`,
    );
  }
}

/** One finding has many messages: numbers and quoted texts differ. */
function keyOf(error: unknown): string {
  const {message, stack = ''} = error as Error;
  if (message === 'it took too long') return message;
  return `${message
    .replace(/\n[^]*?\n\n/, ' ')
    .replace(/\n/g, ' ')
    .replace(/\d+/g, 'N')
    .replace(/"[^"]*"/g, '"…"')
    .slice(0, 120)} in ${ownFrames(stack)[0]}`;
}

const ownFrames = (stack: string): string[] =>
  stack
    .split('\n')
    .filter((line) => /build\/(src|test)/.test(line))
    .map((line) => line.trim().replace(/^at |file:\/\/.*\/build\//g, ''));

function stackOf(error: unknown): string {
  const {message, stack = ''} = error as Error;
  return [message.slice(0, 1500), ...ownFrames(stack).slice(0, 4)].join('\n  ');
}

/** Worker n takes the batches n, n + workers, … and prints a report for each. */
function work([count, seed, workers, worker]: readonly number[]): void {
  for (let batch = worker!; batch < Math.ceil(count! / BATCH); batch += workers!) {
    const report = oneBatch(seed!, batch, Math.min(BATCH, count! - batch * BATCH));
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) work(process.argv.slice(2).map(Number));
