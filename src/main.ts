import type {BaseCommand} from './commands/base.ts';
import {help, unknown} from './help.ts';

/** The commands, each loaded when it is asked for. */
export const COMMANDS: Readonly<Record<string, () => Promise<{default: unknown}>>> = {
  check: () => import('./commands/check.ts'),
  completion: () => import('./commands/completion.ts'),
  cow: () => import('./commands/cow.ts'),
  demo: () => import('./commands/demo.ts'),
  diff: () => import('./commands/diff.ts'),
  explain: () => import('./commands/explain.ts'),
  export: () => import('./commands/export.ts'),
  growth: () => import('./commands/growth.ts'),
  heap: () => import('./commands/heap.ts'),
  metrics: () => import('./commands/metrics.ts'),
  pages: () => import('./commands/pages.ts'),
  ps: () => import('./commands/ps.ts'),
  record: () => import('./commands/record.ts'),
  replay: () => import('./commands/replay.ts'),
  report: () => import('./commands/report.ts'),
  run: () => import('./commands/run.ts'),
  show: () => import('./commands/show.ts'),
  snapshot: () => import('./commands/snapshot.ts'),
  top: () => import('./commands/top.ts'),
  watch: () => import('./commands/watch.ts'),
  why: () => import('./commands/why.ts'),
};

/** What a command line asks for, as bin/choose.js says. */
interface Asked {
  readonly is: 'command' | 'help' | 'unknown';
  readonly argv: readonly string[];
}

/**
 * All of memmap in one: what bin/dev.js and the standalone executable start. As it is installed, bin/run.js starts the
 * bundle of one command (scripts/bundle.js).
 *
 * @param root memmap's own directory, with package.json and oclif.manifest.json
 */
export async function main(root: string, {is, argv}: Asked): Promise<void> {
  const [id = '', ...words] = argv;
  if (is !== 'command') return is === 'help' ? help(root, argv) : unknown(root, argv);
  const Command = (await COMMANDS[id]!()).default as typeof BaseCommand;
  await Command.start(root, id, words);
}
