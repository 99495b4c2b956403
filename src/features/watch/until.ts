import {KINDS} from '../../model/kind.ts';
import {sizeOf} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {parseSize} from '../../shell/values.ts';

/** A condition on a snapshot: has it come true? */
export type Condition = (snapshot: Snapshot) => boolean;

/**
 * Reads `--until`: the name or kind of a region (it appears), or one of these, or `rss`, `size` or `regions` of the whole
 * process, compared with a number: `[heap]`, `heap>1M`, `heap.rss>=64K`, `rss>200M`, `regions>1000`.
 *
 * @throws Trouble `usage`
 */
export function parseCondition(text: string): Condition {
  const match = /^\s*(.+?)(?:\.(rss|size))?\s*(?:(>=|<=|>|<)\s*([^<>=]+))?\s*$/.exec(text);
  if (!match) throw misunderstood(text);
  const [, subject, counter, operator, number] = match as unknown as [string, string, string?, string?, string?];
  const measure = measureOf(subject, counter ?? 'size', text);
  if (operator === undefined || number === undefined) return (snapshot) => measure(snapshot) > 0;
  const limit = parseSize(number);
  const compare = COMPARE[operator]!;
  return (snapshot) => compare(measure(snapshot), limit);
}

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

function measureOf(subject: string, counter: string, text: string): (snapshot: Snapshot) => number {
  if (subject === 'rss') return (snapshot) => snapshot.totals['rss'] ?? Number(snapshot.status['vmRss'] ?? 0);
  if (subject === 'size' || subject === 'regions') return (snapshot) => snapshot.totals[subject];
  const isKind = (KINDS as readonly string[]).includes(subject);
  if (!isKind && !/^[[/]/.test(subject)) throw misunderstood(text);
  return (snapshot) =>
    snapshot.regions
      .filter((region) => (isKind ? region.kind : region.name) === subject)
      .reduce((sum, region) => sum + (counter === 'rss' ? (region.usage?.rss ?? 0) : sizeOf(region)), 0);
}

const misunderstood = (text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${text}" is no condition.`,
    why: `it must be a region's name or kind (${KINDS.join(' ')}), rss, size or regions, and may be compared with a number.`,
    next: "For example: '[heap]', 'heap>1M', 'heap.rss>=64K', 'rss>200M', 'regions>1000'",
  });
