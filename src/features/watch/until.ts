import {KINDS} from '../../model/kind.ts';
import type {Measure} from '../../model/measure.ts';
import {findMeasure, MEASURE_KEYS, MEASURES} from '../../model/measures.ts';
import type {Regions} from '../../model/columns/regions.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {parseSize} from '../../shell/values.ts';
import {nearestName} from '../../text/measures.ts';

/** A condition on a snapshot: is it true now? */
export type Condition = (snapshot: Snapshot) => boolean;

/** How much there is of something. */
type Amount = (snapshot: Snapshot) => number;

/**
 * Reads `--until`: a region's name or kind, measured by its size or another measure; or a measure of the whole process.
 * Without a number it is true when the amount is not 0; with one, when the comparison is: `[heap]`, `heap>1M`,
 * `heap.rss>=64K`, `rss>200M`, `regions>1000`. `total.shared` is the measure, while `shared` is the kind.
 *
 * @throws Trouble `usage`
 */
export function parseCondition(text: string): Condition {
  const match = /^\s*(.+?)\s*(?:(>=|<=|>|<)\s*([^<>=]+))?\s*$/.exec(text);
  if (!match) throw misunderstood(text, text);
  const [, subject, operator, number] = match as unknown as [string, string, string?, string?];
  const amount = amountOf(subject, text);
  if (operator === undefined || number === undefined) return (snapshot) => amount(snapshot) > 0;
  const limit = parseSize(number);
  const compare = COMPARE[operator]!;
  return (snapshot) => compare(amount(snapshot), limit);
}

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

function amountOf(subject: string, text: string): Amount {
  if (isKind(subject)) return ofRegions(isOfKind(subject), MEASURES.size);
  const whole = findMeasure(subject);
  if (whole) return ofProcess(whole);
  const dot = subject.lastIndexOf('.');
  const [place, word] = dot < 0 ? [subject, ''] : [subject.slice(0, dot), subject.slice(dot + 1)];
  const measure = findMeasure(word);
  if (measure && place === 'total') return ofProcess(measure);
  // Threads belong to the process, not to a region.
  const ofPart = measure?.key === 'threads' ? undefined : measure;
  if (ofPart && isKind(place)) return ofRegions(isOfKind(place), ofPart);
  if (!/^[[/]/.test(subject)) throw misunderstood(text, isKind(place) ? word : subject);
  const named = ofRegions(isNamed(subject), MEASURES.size);
  if (ofPart === undefined) return named;
  // A file may be called `cache.swap`: then the file is meant.
  const measured = ofRegions(isNamed(place), ofPart);
  return (snapshot) => (snapshot.table.namedOnes().some(({name}) => name === subject) ? named : measured)(snapshot);
}

const isKind = (text: string): boolean => (KINDS as readonly string[]).includes(text);

/** Where no region has the measure, or smaps was not read, status may have it. */
const ofProcess =
  ({ofTotals, ofStatus}: Measure): Amount =>
  ({totals, status}) =>
    ofTotals(totals) ?? ofStatus(status) ?? 0;

type Rows = (table: Regions, row: number) => boolean;

const isOfKind =
  (kind: string): Rows =>
  (table, row) =>
    table.kindAt(row) === kind;

const isNamed =
  (name: string): Rows =>
  (table, row) =>
    table.nameAt(row) === name;

const ofRegions =
  (isMeant: Rows, {ofRegion}: Measure): Amount =>
  ({table}) => {
    let sum = 0;
    for (let row = 0; row < table.length; row++) if (isMeant(table, row)) sum += ofRegion(table.at(row)) ?? 0;
    return sum;
  };

/** @param part the part of it that may be misspelled */
function misunderstood(text: string, part: string): Trouble {
  const near = nearestName(part, MEASURE_KEYS, KINDS);
  return new Trouble({
    kind: 'usage',
    what: `"${text}" is not a condition.`,
    why:
      `it must be a region's name or kind (${KINDS.join(' ')}), optionally with a dot and a measure, or a measure ` +
      `of the whole process (${MEASURE_KEYS.join(', ')}), and can be compared with a number.`,
    next:
      near === undefined
        ? "For example: '[heap]', 'heap>1M', 'heap.rss>=64K', 'rss>200M', 'regions>1000'"
        : `Did you mean: ${near}`,
  });
}
