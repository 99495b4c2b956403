import type {FlameStack} from '../cause/flame.ts';

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
