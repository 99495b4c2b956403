import {type Frames, pathOf} from '../cause/fold.ts';
import type {SavedShare} from '../cause/saved.ts';

/** What of a share is exported, in bytes. */
export const FLAME_MEASURES = ['kept', 'mapped', 'touched', 'peak'] as const;

export type FlameMeasure = (typeof FLAME_MEASURES)[number];

/** Functions from the outermost inwards, and the bytes that are theirs. */
export interface FlameStack {
  readonly path: readonly string[];
  readonly bytes: number;
}

/** What is no call of the program. */
const OTHERS: Readonly<Record<string, string>> = {
  execve: '[the program itself]',
  before: '[before it was watched]',
  driver: '[a driver]',
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

/** The form of flamegraph.pl: a line a stack, its functions with semicolons between, and its bytes. */
export function* folded(stacks: readonly FlameStack[]): Generator<string> {
  // oxlint-disable-next-line no-control-regex
  for (const {path, bytes} of stacks)
    yield `${path.map((name) => name.replace(/[;\x00-\x1f]/g, ':')).join(';')} ${bytes}\n`;
}

/** A document for www.speedscope.app: https://www.speedscope.app/file-format-schema.json */
export function speedscope(stacks: readonly FlameStack[], name: string): string {
  const names = new Map<string, number>();
  const place = (function_: string): number => {
    if (!names.has(function_)) names.set(function_, names.size);
    return names.get(function_)!;
  };
  const samples = stacks.map(({path}) => path.map(place));
  const weights = stacks.map(({bytes}) => bytes);
  const endValue = weights.reduce((sum, bytes) => sum + bytes, 0);
  const profile = {type: 'sampled', name, unit: 'bytes', startValue: 0, endValue, samples, weights};
  const frames = Array.from(names.keys(), (each) => ({name: each}));
  const $schema = 'https://www.speedscope.app/file-format-schema.json';
  return `${JSON.stringify({$schema, shared: {frames}, profiles: [profile], name, exporter: 'memmap'})}\n`;
}
