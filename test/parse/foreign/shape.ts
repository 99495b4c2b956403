import type {ExecutionContext} from 'ava';
import {parse} from '../../../src/parse/parse.ts';
import type {Region} from '../../../src/model/region.ts';

/** What must come of an input. What isn't given: maps, nothing rejected, no PID. */
export interface Wanted {
  readonly format?: string;
  readonly pid?: number;
  /** Numbers of the lines that no reader accepts. */
  readonly rejected?: readonly number[];
  /** `start-end perms kind (label) name`; a question mark after the kind is a guess. */
  readonly regions: readonly string[];
  /** What a note says. */
  readonly note?: RegExp;
}

/** Labels that say only what is below and above. */
const PLACE = /^(?:between|above|below) /;

function shapeOf({start, end, perms, kind, confidence, label, name}: Region): string {
  const own = label === undefined || PLACE.test(label) ? '' : `(${label}) `;
  const range = `${start.toString(16)}-${end.toString(16)}`;
  return `${range} ${perms} ${kind}${confidence ? '?' : ''} ${own}${name}`.trimEnd();
}

/** The same without kind and label. */
const bareOf = ({start, end, perms, name}: Region): string =>
  `${start.toString(16)}-${end.toString(16)} ${perms} ${name}`.trimEnd();

/** @param what `kinds`: with kinds and labels; `lines`: only what the lines say */
export function compareShape(
  t: ExecutionContext,
  input: Uint8Array | string,
  {format = 'maps', pid, rejected = [], regions, note}: Wanted,
  what: 'kinds' | 'lines',
): void {
  const snapshot = parse(input);
  t.deepEqual(
    {
      format: snapshot.source.format,
      pid: snapshot.process.pid,
      rejected: snapshot.rejected.map(({line}) => line),
      regions: snapshot.regions.map(what === 'kinds' ? shapeOf : bareOf),
    },
    {format, pid, rejected, regions},
  );
  if (note) t.regex(snapshot.notes.join('\n'), note);
  for (const {line, text} of snapshot.rejected) {
    const decoded = typeof input === 'string' ? input : new TextDecoder().decode(input);
    t.true(decoded.split('\n')[line - 1]?.startsWith(text.slice(0, 20)), `line ${line} is ${text}`);
  }
}
