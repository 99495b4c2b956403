import {readFileSync} from 'node:fs';
import type {Command} from '@oclif/core';

/** What a file in src/commands exports. */
type CommandClass = (new (argv: string[], config: never) => {_run(): Promise<unknown>}) & {id: string};

/** The commands, each loaded when it is asked for. */
export const COMMANDS: Readonly<Record<string, () => Promise<{default: unknown}>>> = {
  check: () => import('./commands/check.ts'),
  completion: () => import('./commands/completion.ts'),
  demo: () => import('./commands/demo.ts'),
  diff: () => import('./commands/diff.ts'),
  explain: () => import('./commands/explain.ts'),
  export: () => import('./commands/export.ts'),
  growth: () => import('./commands/growth.ts'),
  heap: () => import('./commands/heap.ts'),
  pages: () => import('./commands/pages.ts'),
  ps: () => import('./commands/ps.ts'),
  record: () => import('./commands/record.ts'),
  replay: () => import('./commands/replay.ts'),
  report: () => import('./commands/report.ts'),
  run: () => import('./commands/run.ts'),
  show: () => import('./commands/show.ts'),
  snapshot: () => import('./commands/snapshot.ts'),
  watch: () => import('./commands/watch.ts'),
};

const HELP_OR_VERSION = new Set(['--help', '-h', '--version', '-V']);

/**
 * memmap's entry point. A command that is called by its name needs only the base class and the parser of oclif, and
 * runs with them directly: finding plugins, reading the user's settings and making help take three times as long as a
 * small `show` (bench/README.md). Everything else, such as --help, goes all the way through oclif.
 *
 * @param root memmap's own directory, with package.json and oclif.manifest.json
 * @param argv the words after `memmap`
 */
export async function main(root: string, argv: readonly string[]): Promise<void> {
  const [id = '', ...words] = argv;
  if (id === 'help') return main(root, helpOf(words[0]));
  const end = words.indexOf('--');
  const isHelp = (end < 0 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h');
  const load = Object.hasOwn(COMMANDS, id) ? COMMANDS[id] : undefined;
  if (load && !isHelp) await runCommand(root, id, load, words);
  else if (load || isHelp || id === '' || HELP_OR_VERSION.has(id)) await runOclif(root, argv);
  else await runCommand(root, id, () => import('./commands/not-found.ts'), [id, ...Object.keys(COMMANDS)]);
}

/** `memmap help COMMAND` is `memmap COMMAND --help`; of a command that isn't there, it is said as elsewhere. */
const helpOf = (topic = '--help'): string[] => (Object.hasOwn(COMMANDS, topic) ? [topic, '--help'] : [topic]);

/** The command reports errors and sets the exit code on its own (src/commands/base.ts): nothing is thrown. */
async function runCommand(
  root: string,
  id: string,
  load: () => Promise<{default: unknown}>,
  words: string[],
): Promise<void> {
  const Command = (await load()).default as CommandClass;
  Command.id = id;
  await new Command(words, {root, bin: 'memmap', runHook, scopedEnvVarKeys: () => []} as never)._run();
}

/** What oclif's parser asks of its surroundings: there are no hooks. */
const runHook = async (): Promise<object> => ({successes: [], failures: []});

async function runOclif(root: string, argv: readonly string[]): Promise<void> {
  // oclif asks for the user's home and shell, and Node fails where a uid has no entry in passwd(5), as in containers.
  process.env['HOME'] ||= '/nonexistent';
  process.env['SHELL'] ||= '/bin/sh';
  // oclif sets descriptions in by six columns, and leaves room for four.
  if (!process.env['COLUMNS'])
    process.env['OCLIF_COLUMNS'] ||= String(Math.max(38, (process.stdout.columns || 80) - 2));
  const {Config, flush, handle, Plugin, run} = await import('@oclif/core');
  const read = (file: string): unknown => JSON.parse(readFileSync(`${root}/${file}`, 'utf8'));

  /** memmap as oclif's one plugin: its commands are in COMMANDS, and no directory is searched. */
  class Memmap extends Plugin {
    override async load(): Promise<void> {
      this.root = root;
      this.pjson = read('package.json') as typeof this.pjson;
      this.name = this.alias = this.pjson.name;
      this.version = this.pjson.version;
      this.type = 'core';
      this.valid = true;
      this.hooks = {};
      this.manifest = read('oclif.manifest.json') as typeof this.manifest;
      this.commandIDs = Object.keys(this.manifest.commands);
      this.commands = Object.values(this.manifest.commands).map((command) => ({
        ...command,
        load: () => this.findCommand(command.id),
      }));
    }

    override async findCommand(id: string): Promise<Command.Class> {
      const command = (await COMMANDS[id]!()).default as Command.Class;
      command.id = id;
      command.plugin = this;
      return command;
    }
  }

  try {
    const memmap = new Memmap({root, type: 'core', isRoot: true});
    await memmap.load();
    const config = new Config({root, plugins: new Map([[memmap.name, memmap]]), userPlugins: false, devPlugins: false});
    await config.load();
    await run([...argv], config);
    await flush();
  } catch (error) {
    await handle(error as Error);
  }
}
