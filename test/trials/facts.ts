import type {Diff} from '../../src/diff/diff.ts';
import type {Change} from '../../src/model/change.ts';
import type {Line} from '../diff/oracle/listing.ts';

/**
 * What two runs of one program have of each sort of memory, by what the kernel prints and nothing else: the permissions
 * and the name. ASLR decides where it lies and how it is cut, and neither is in here.
 */
export function amounts(lines: readonly Line[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const {start, end, perms, name} of lines) {
    const key = sortOf(perms, name);
    sums.set(key, (sums.get(key) ?? 0) + end - start);
  }
  return sums;
}

const sortOf = (perms: string, name: string): string => `${perms} ${name}`;

/** The sorts of which the second has more or less, and by how much. */
export function differences(before: readonly Line[], after: readonly Line[]): Map<string, number> {
  const [a, b] = [amounts(before), amounts(after)];
  const keys = [...new Set([...a.keys(), ...b.keys()])];
  return new Map(keys.map((key) => [key, (b.get(key) ?? 0) - (a.get(key) ?? 0)] as const).filter(([, by]) => by !== 0));
}

/** Kinds that state that something is there, or is so, on one side only. */
const STATED = new Set(['new', 'gone', 'grown', 'shrunk', 'replaced', 'reprotected', 'renamed']);

/**
 * The facts in a diff of two runs that the amounts do not bear out. For each sort of memory, all that is said to have
 * come and gone must be the true difference, and no more: of memory that both have, nothing is new and nothing is gone.
 */
export function falseFacts({changes, before, after}: Diff, truth: ReadonlyMap<string, number>): string[] {
  const said = new Map<string, {net: number; gross: number; changes: Change[]}>();
  for (const change of changes.filter(({kind}) => STATED.has(kind))) {
    for (const [key, by] of contributions(change)) {
      const sum = said.get(key) ?? {net: 0, gross: 0, changes: []};
      said.set(key, {net: sum.net + by, gross: sum.gross + Math.abs(by), changes: [...sum.changes, change]});
    }
  }
  const faults: string[] = [];
  for (const [key, {net, gross, changes: concerned}] of said) {
    const by = truth.get(key) ?? 0;
    if (net === by && gross === Math.abs(by)) continue;
    faults.push(
      `${key}: it differs by ${by}, and is said to by ${net} (${gross}): ${concerned.map(({text}) => text).join(' ')}`,
    );
  }
  for (const [key, by] of truth) if (!said.has(key)) faults.push(`${key}: differs by ${by}, and nothing says so`);
  if (before.regions.length + after.regions.length === 0) faults.push('nothing was compared');
  return faults;
}

/** How much of which sort a change says that the second has more. */
function contributions({kind, range, pieces, before, after, delta}: Change): Array<readonly [string, number]> {
  const key = (region: {perms: string; name: string}): string => sortOf(region.perms, region.name);
  if (kind === 'new' || kind === 'grown') return [[key(after[0]!), delta.size]];
  if (kind === 'gone' || kind === 'shrunk') return [[key(before[0]!), delta.size]];
  if (pieces)
    return [
      ...before.map((region) => [key(region), region.start - region.end] as const),
      ...after.map((region) => [key(region), region.end - region.start] as const),
    ];
  const size = range.end - range.start;
  return [
    [key(before[0]!), -size],
    [key(after[0]!), size],
  ];
}
