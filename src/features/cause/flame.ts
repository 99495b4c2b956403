import {type Frames, pathOf} from './fold.ts';
import {FLAME_MEASURES, type FlameMeasure, type FlameRow} from './measures.ts';
import type {SavedShare} from './recorded/saved.ts';

/** Functions from the outermost inwards, and the bytes that are theirs. */
export interface FlameStack {
  readonly path: readonly string[];
  readonly bytes: number;
}

/** What is not a call of the program. */
const OTHERS: Readonly<Record<string, string>> = {
  execve: '[the program itself]',
  before: '[before it was watched]',
  driver: '[a driver]',
  unknown: '[no call is known]',
  'stack growth': '[stacks that grew]',
};

/** Stacks with bytes, those that look alike as one. The innermost entry is the system call. */
export function flameStacks(shares: readonly SavedShare[], measure: FlameMeasure, frames: Frames): FlameStack[] {
  const sum = new Map<string, FlameStack>();
  for (const share of shares) {
    const bytes = share[measure === 'peak' ? 'atPeak' : measure];
    if (bytes === 0) continue;
    const {name, stack} = share;
    const path = stack ? pathOf(stack, name, frames).toReversed() : [];
    const whole = name === 'fault' ? path : [...path, OTHERS[name] ?? name];
    const known = whole.length > 0 ? whole : ['[unknown]'];
    const key = known.join('\0');
    sum.set(key, {path: known, bytes: bytes + (sum.get(key)?.bytes ?? 0)});
  }
  return [...sum.values()].sort((a, b) => b.bytes - a.bytes);
}

/** The same for all measures at once. */
export function flameRows(shares: readonly SavedShare[], frames: Frames): FlameRow[] {
  const rows = new Map<string, {path: readonly string[]} & Record<FlameMeasure, number>>();
  for (const measure of FLAME_MEASURES)
    for (const {path, bytes} of flameStacks(shares, measure, frames)) {
      const key = path.join('\0');
      const row = rows.get(key) ?? {path, kept: 0, mapped: 0, touched: 0, peak: 0};
      row[measure] += bytes;
      rows.set(key, row);
    }
  return [...rows.values()];
}
