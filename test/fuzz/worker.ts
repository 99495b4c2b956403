import {fileURLToPath} from 'node:url';
import fc from 'fast-check';
import {Trouble} from '../../src/model/trouble.ts';
import {anyInput} from './mutations.ts';
import {checkInput, LIMIT} from './properties.ts';
import {READERS} from './readers.ts';

/** ms that a batch may take; making a finding small ends then. */
const SHRINKING = 60_000;

/** Inputs that have one seed. */
export const BATCH = 1000;

/** What is fed with random inputs. */
export interface Subject<Input> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<Input>;
  /** Throws if something is wrong. @returns a Trouble for an input that is refused with a reason */
  readonly check: (input: Input) => unknown;
  /** An input as a text that tells it. */
  readonly show: (input: Input) => string;
}

/** All readers and writers together. */
const EVERYTHING: Subject<Buffer> = {
  name: 'everything',
  inputs: anyInput,
  check: checkInput,
  show: (input) => JSON.stringify(input.toString('latin1')),
};

/** What is fuzzed: every reader at once, or those of pastes, dumps, logs and names in turn. */
const SUBJECTS = {all: [EVERYTHING as Subject<unknown>], readers: READERS} as const;
export type Scope = keyof typeof SUBJECTS;

/** What a batch came to: how many inputs were snapshots, were refused with a reason, or showed what was found already. */
export interface Report {
  readonly batch: number;
  /** The name of its subject. */
  readonly subject: string;
  readonly snapshots: number;
  readonly refused: number;
  readonly known: number;
  /** ms of processor time of the slowest input. */
  readonly slowest: number;
  /** Bytes that this process had at most up to now: ru_maxrss of getrusage(2). */
  readonly rss: number;
  readonly findings: readonly string[];
}

/** What was found already is counted, and the batch goes on; what is new is made as small as it can be. */
const found = new Set<string>();

export function oneBatch(seed: number, batch: number, numRuns: number, scope: Scope = 'all'): Report {
  const subjects: ReadonlyArray<Subject<unknown>> = SUBJECTS[scope];
  const subject = subjects[batch % subjects.length]!;
  const findings: string[] = [];
  for (;;) {
    let [snapshots, refused, known, slowest] = [0, 0, 0, 0];
    const property = fc.property(subject.inputs, (input) => {
      const begin = process.cpuUsage();
      try {
        if (subject.check(input) instanceof Trouble) refused++;
        else snapshots++;
      } catch (error) {
        if (!found.has(keyOf(error))) throw error;
        known++;
      }
      const {user, system} = process.cpuUsage(begin);
      const ms = (user + system) / 1000;
      slowest = Math.max(slowest, ms);
      if (ms > LIMIT && !found.has('it took too long')) throw new Error('it took too long');
    });
    const {failed, errorInstance, counterexample} = fc.check(property, {
      numRuns,
      seed: seed + batch,
      interruptAfterTimeLimit: SHRINKING,
    });
    const rss = process.resourceUsage().maxRSS * 1024;
    if (!failed) return {batch, subject: subject.name, snapshots, refused, known, slowest, rss, findings};
    found.add(keyOf(errorInstance));
    findings.push(`${keyOf(errorInstance)}\n${stackOf(errorInstance)}\n  input: ${subject.show(counterexample![0])}`);
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
function work([count, seed, workers, worker]: readonly number[], scope: Scope): void {
  for (let batch = worker!; batch < Math.ceil(count! / BATCH); batch += workers!) {
    const report = oneBatch(seed!, batch, Math.min(BATCH, count! - batch * BATCH), scope);
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  work(process.argv.slice(2, 6).map(Number), process.argv[6] as Scope);
