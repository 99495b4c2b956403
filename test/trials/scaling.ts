import {markdown} from '../faults/report.ts';
import {LINES, LONG} from '../fuzz/mutations.ts';
import {SEEDS, type Form} from '../fuzz/seeds.ts';
import {DRESSES} from '../parse/foreign/decorations.ts';
import {PREFIXES} from '../parse/oom/logs.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {parse} from '../../src/parse/parse.ts';
import {oomReports} from '../../src/parse/oom/reports.ts';
import type {Trial} from './runs.ts';

/** Bytes of what is repeated: of a small input, and of one that is eight times as large. */
const SMALL = 4096;
const TIMES = 8;

/** In proportion it would be eight times the time; quadratic, 64 times. Between them lie the collector and the compiler. */
const MOST_RATIO = 24;

/** ms of processor time. What takes less says nothing about how it grows. */
const NOTICEABLE = 40;

/** Whoever seems too slow is measured this often again: the least counts. */
const AGAIN = 3;

/** A way to make a document of a size. @param bytes of what is repeated in it */
interface Growing {
  readonly what: string;
  readonly make: (bytes: number) => Buffer;
}

const TEXT: ReadonlySet<Form> = new Set(['maps', 'smaps', 'rollup', 'tutorial', 'pasted', 'pmap', 'gdb', 'log']);

const repeated = (part: Buffer, bytes: number): Buffer =>
  Buffer.concat(Array.from({length: Math.ceil(bytes / part.length)}, () => part));

const inserted = (bytes: Buffer, at: number, put: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at)]);

const linesOf = (bytes: Buffer): string[] => bytes.toString('latin1').replace(/\n$/, '').split('\n').slice(0, 40);

/** A seed of which something is repeated: a text in one of its lines, a line, one of its own lines, or all of it. */
function* growing(form: Form, bytes: Buffer): Generator<Growing> {
  const lines = linesOf(bytes);
  const text = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  const places = [0, text.indexOf(0x0a, text.length / 2) + 1, Math.floor(text.length / 3), text.length - 1];
  for (const long of LONG)
    for (const at of places)
      yield {
        what: `${form}: ${JSON.stringify(long)} at byte ${at}`,
        make: (size) => inserted(text, at, repeated(Buffer.from(long, 'latin1'), size)),
      };
  for (const line of LINES)
    for (const at of places.slice(0, 2))
      yield {
        what: `${form}: the line ${JSON.stringify(line.toString('latin1').slice(0, 40))} at byte ${at}`,
        make: (size) => inserted(text, at, repeated(line, size)),
      };
  for (const [index, line] of lines.entries())
    yield {
      what: `${form}: its line ${index + 1}`,
      make: (size) => {
        const own = Buffer.from(`${line}\n`, 'latin1');
        const at = Buffer.byteLength(lines.slice(0, index).join('\n'), 'latin1') + (index > 0 ? 1 : 0);
        return inserted(text, at, repeated(own, size));
      },
    };
  const many = (size: number): string[] => Array.from({length: Math.ceil(size / text.length)}, () => lines).flat();
  for (const [name, dress] of Object.entries(DRESSES))
    yield {what: `${form}: with ${name}`, make: (size) => Buffer.from(dress(many(size)))};
  if (form !== 'log') return;
  for (const [name, prefix] of Object.entries(PREFIXES))
    yield {
      what: `${form}: behind ${name}`,
      make: (size) =>
        Buffer.from(
          many(size)
            .map((line, index) => `${prefix(index)}${line}\n`)
            .join(''),
          'latin1',
        ),
    };
}

/** A raw text in the middle of one of UTF-16, which makes letters of other scripts of it. */
function* inUtf16(form: Form, bytes: Buffer): Generator<Growing> {
  for (const name of ['UTF-16LE', 'UTF-16BE'] as const) {
    const text = Buffer.from(DRESSES[name]!(linesOf(bytes)));
    for (const long of LONG)
      for (const at of [Math.floor(text.length / 2), Math.floor(text.length / 2) + 1])
        yield {
          what: `${form} in ${name}: ${JSON.stringify(long)} at byte ${at}`,
          make: (size) => inserted(text, at, repeated(Buffer.from(long, 'latin1'), size)),
        };
  }
}

/** ms of processor time that the readers take. */
function cost(bytes: Buffer, form: Form): number {
  const begin = process.cpuUsage();
  try {
    if (form === 'log') oomReports(bytes);
    parse(bytes);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
  }
  const {user, system} = process.cpuUsage(begin);
  return (user + system) / 1000;
}

const least = (bytes: Buffer, form: Form): number => Math.min(...Array.from({length: AGAIN}, () => cost(bytes, form)));

/** How the time of the readers of pastes and logs grows with what is pasted. */
export async function scalingTrial(): Promise<Trial> {
  const faults: string[] = [];
  const rows: string[][] = [];
  for (const form of TEXT) {
    let [inputs, slowest, steepest] = [0, 0, 0];
    for (const seed of SEEDS.filter((each) => each.form === form)) {
      for (const {what, make} of [...growing(form, seed.bytes), ...inUtf16(form, seed.bytes)]) {
        inputs++;
        const large = make(SMALL * TIMES);
        if (cost(large, form) < NOTICEABLE) continue;
        const [low, high] = [least(make(SMALL), form), least(large, form)];
        if (high < NOTICEABLE) continue;
        slowest = Math.max(slowest, high);
        steepest = Math.max(steepest, high / low);
        if (high / low > MOST_RATIO)
          faults.push(`${what}: ${Math.round(low)} ms for ${SMALL} bytes, ${Math.round(high)} for ${SMALL * TIMES}`);
      }
    }
    rows.push([
      form,
      String(inputs),
      slowest > 0 ? `${Math.ceil(slowest)} ms` : `under ${NOTICEABLE} ms`,
      steepest > 0 ? `${Math.ceil(steepest)} ×` : '',
    ]);
  }
  const text = `## How long a large paste takes

What a pattern may stumble over is repeated in a real document, in ${SMALL / 1024} KiB and in ${(SMALL * TIMES) / 1024} KiB: texts within a line, lines, the
whole of it in each dress, raw bytes in UTF-16. Processor time may grow ${MOST_RATIO} times at most where the input grows
${TIMES} times: a quadratic reader needs ${TIMES ** 2} times. What takes less than ${NOTICEABLE} ms is not measured again.

${markdown(['form', 'inputs', 'slowest', 'steepest'], rows)}
`;
  return {text, faults};
}
