import {readFileSync} from 'node:fs';
import type {Command} from '@oclif/core';
import NotFound from './commands/not-found.ts';
import Text from './commands/text.ts';
import {sizeOf} from './shell/terminal.ts';

/** Prints help, of memmap or of a command, or the version. @param root memmap's own directory */
export const help = async (root: string, argv: readonly string[]): Promise<void> =>
  print(root, await helpText(root, argv));

/** Prints a text as it is. */
export const print = (root: string, text: string): Promise<void> => Text.start(root, 'help', [text]);

/** Says that there is no such command, and which ones there are. */
export const unknown = (root: string, argv: readonly string[]): Promise<void> =>
  NotFound.start(root, argv[0] ?? '', [argv[0] ?? '', ...Object.keys(manifestOf(root).commands)]);

interface Manifest {
  readonly commands: Readonly<Record<string, Omit<Command.Loadable, 'load'>>>;
}

const manifestOf = (root: string): Manifest =>
  JSON.parse(readFileSync(`${root}/oclif.manifest.json`, 'utf8')) as Manifest;

/**
 * oclif sets descriptions in by six columns, and leaves room for four.
 *
 * @returns undefined where the environment says it: oclif reads that itself
 */
function widthHere(): {readonly maxWidth?: number} {
  const {COLUMNS, OCLIF_COLUMNS} = process.env;
  return COLUMNS || OCLIF_COLUMNS ? {} : {maxWidth: Math.max(38, (sizeOf(1).columns ?? 80) - 2)};
}

/** What `memmap` without arguments names first. */
const FIRST = 'why';

/**
 * Help as oclif's own class writes it, from the manifest of the commands. No command is loaded.
 *
 * @param argv words of which one asks for help, or the first for the version
 */
export async function helpText(root: string, argv: readonly string[]): Promise<string> {
  // oclif asks for the user's home and shell, and Node fails where a uid has no entry in passwd(5), as in containers.
  process.env['HOME'] ||= '/nonexistent';
  process.env['SHELL'] ||= '/bin/sh';
  const {CommandHelp, Config, Help, Plugin} = await import('@oclif/core');

  /** memmap as oclif's one plugin: no directory is searched for commands. */
  class Memmap extends Plugin {
    override async load(): Promise<void> {
      this.root = root;
      this.pjson = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as typeof this.pjson;
      this.name = this.alias = this.pjson.name;
      this.version = this.pjson.version;
      this.type = 'core';
      this.valid = true;
      this.hooks = {};
      this.manifest = manifestOf(root) as typeof this.manifest;
      this.commandIDs = Object.keys(this.manifest.commands);
      this.commands = Object.values(this.manifest.commands).map((command) => ({
        ...command,
        load: () => this.findCommand(command.id),
      }));
    }

    override async findCommand(id: string): Promise<never> {
      throw new Error(`${id} was loaded for its help, which is in the manifest.`);
    }
  }

  /**
   * oclif's own usage names every flag, its description begins with the summary, which is printed above it, and only
   * some of its examples have a prompt.
   */
  class Page extends CommandHelp {
    protected override defaultUsage(): string {
      const {id, args} = this.command;
      const words = Object.values(args).map(({name, required, multiple}) => {
        const word = `${name.toUpperCase()}${multiple ? '...' : ''}`;
        return required ? word : `[${word}]`;
      });
      return [id, '[FLAGS]', ...words].join(' ');
    }

    protected override description(): string | undefined {
      const {description} = this.command;
      return description === undefined ? undefined : this.wrap(description);
    }

    protected override examples(examples: Command.Example[] | string | undefined): string | undefined {
      return [examples ?? []]
        .flat()
        .map((example) => `$ ${this.render(typeof example === 'string' ? example : example.command)}`)
        .join('\n');
    }
  }

  let text = '';
  class Collected extends Help {
    protected override CommandHelpClass = Page;

    /** The command that answers first what people come with is listed first. */
    protected override get sortedCommands(): Command.Loadable[] {
      const all = super.sortedCommands;
      return [...all.filter(({id}) => id === FIRST), ...all.filter(({id}) => id !== FIRST)];
    }

    protected override async showRootHelp(): Promise<void> {
      await super.showRootHelp();
      this.log(`${config.bin} COMMAND --help: its flags and examples`);
      this.log(`man ${config.bin}: exit codes, environment, files`);
    }

    protected override log(...lines: string[]): void {
      text += `${lines.join(' ')}\n`;
    }
  }

  const memmap = new Memmap({root, type: 'core', isRoot: true});
  await memmap.load();
  const config = new Config({root, plugins: new Map([[memmap.name, memmap]]), userPlugins: false, devPlugins: false});
  await config.load();
  if (argv[0] === '--version' || argv[0] === '-V') return `${config.userAgent}\n`;
  await new Collected(config, {...config.pjson.oclif.helpOptions, ...widthHere()}).showHelp([...argv]);
  return text;
}
