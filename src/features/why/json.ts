import type {Slope} from '../../history/trend.ts';
import {cells, clip} from '../../text/safe.ts';
import type {Answer} from './answer.ts';

/** A document stays small: this many parts, and the rest as one. */
const MOST_PARTS = 8;
const MOST_LIMITS = 6;
const MOST_UNUSUAL = 8;

/**
 * Columns that a text may have: names of files are part of sentences, and may have 4,096 bytes each, of which JSON
 * makes six times as many. The first is taken with which the document is small.
 */
const WIDTHS = [1500, 400, 200, 100, 50] as const;

/** Bytes of a document without blanks: with them it is smaller than 8 KiB. */
const MOST_BYTES = 7000;

const MINUTE = 60_000;

/** The document `memmap.why/1`: bytes, bytes a minute, ms, ISO 8601. @param now ms since 1970 */
export function whyJSON(answer: Answer, now: number): Record<string, unknown> {
  let document: Record<string, unknown> = {};
  for (const width of WIDTHS) {
    document = clipped(documentOf(answer, now), width) as Record<string, unknown>;
    if (Buffer.byteLength(JSON.stringify(document)) <= MOST_BYTES) break;
  }
  return document;
}

/** The same with no text that is longer. A command that would be is left out: a part of one does something else. */
function clipped(value: unknown, width: number): unknown {
  if (typeof value === 'string') return clip(value, width);
  if (Array.isArray(value))
    return value.filter((each) => !isLong(each, width)).map((each: unknown) => clipped(each, width));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, clipped(each, width)]));
}

const isLong = (step: unknown, width: number): boolean =>
  typeof step === 'object' && step !== null && 'command' in step && cells(String(step.command)) > width;

function documentOf(answer: Answer, now: number): Record<string, unknown> {
  const {target, finding, growth, kept, limits, unusual, next, missing} = answer;
  return {
    schema: 'memmap.why/1',
    target,
    sentence: finding.sentence,
    finding: {name: finding.name, certain: finding.certain, evidence: finding.evidence},
    holds: holdsJSON(answer.holds),
    growth: {
      verdict: growth.verdict,
      bytesPerMin: perMin(growth.slope, 'slope'),
      low: perMin(growth.slope, 'low'),
      high: perMin(growth.slope, 'high'),
      watched: Math.round(growth.watched),
      text: growth.text,
    },
    kept: kept && {free: kept.free, trimmable: kept.trimmable, lazyFree: kept.lazyFree, certain: kept.certain},
    limits: limits.slice(0, MOST_LIMITS).map(({limit, used, max, in: ms, evidence}) => ({
      limit,
      used,
      max,
      at: ms === undefined || now + ms > LAST ? null : new Date(now + ms).toISOString(),
      evidence,
    })),
    unusual: unusual.slice(0, MOST_UNUSUAL).map(({what, evidence, certain}) => ({what, evidence, certain})),
    next,
    missing,
  };
}

/** The last moment that a Date can be: 100,000,000 days after 1970. */
const LAST = 8.64e15;

const perMin = (slope: Slope | undefined, key: 'slope' | 'low' | 'high'): number | null =>
  slope === undefined ? null : Math.round(slope[key] * MINUTE);

function holdsJSON({parts, total}: Answer['holds']): object[] {
  const [shown, rest] = [parts.slice(0, MOST_PARTS), parts.slice(MOST_PARTS)];
  const bytes = rest.reduce((sum, part) => sum + part.bytes, 0);
  const all =
    bytes === 0 ? shown : [...shown, {what: 'other', bytes, certain: true, evidence: 'what is left', key: 'rest'}];
  return all.map(({what, bytes: size, certain, evidence}) => ({
    what,
    bytes: size,
    share: total === 0 ? 0 : Math.round((1000 * size) / total) / 1000,
    certain,
    evidence,
  }));
}
