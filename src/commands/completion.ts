import {readFileSync} from 'node:fs';
import {Args} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {LINTS} from '../features/check/rules.ts';
import {bashScript} from '../features/completion/bash.ts';
import {fishScript} from '../features/completion/fish.ts';
import {type ManifestCommand, type Plan, planOf, type Sets} from '../features/completion/plan.ts';
import {zshScript} from '../features/completion/zsh.ts';
import {words} from '../features/explain/glossary/glossary.ts';
import {GROWTH_MEASURES} from '../features/growth/growth.ts';
import {SORT_KEYS} from '../features/ps/choose.ts';
import {SORTS} from '../features/top/screen/view.ts';
import {LESSONS} from '../features/lessons/catalogue.ts';
import {PLACE_KEYS} from '../model/choose.ts';
import {KINDS} from '../model/kind.ts';
import {BYTE_KEYS, MEASURE_KEYS} from '../model/measures.ts';
import {COLUMN_NAMES} from '../text/columns.ts';
import {prose} from './prose.ts';

const SHELLS = {bash: bashScript, fish: fishScript, zsh: zshScript} as const satisfies Readonly<
  Record<string, (plan: Plan) => string>
>;

type Shell = keyof typeof SHELLS;

export default class Completion extends BaseCommand {
  static override summary = 'print a script that completes the command line of memmap in bash, zsh or fish';
  static override description = prose`
The script knows each command, each flag, and the values that a flag can have; the lessons, the words of explain, the
processes that run, and the names of their regions. It starts nothing: Tab does not run memmap.

For bash: add source <(memmap completion bash) to ~/.bashrc. For zsh: write it to a file _memmap in a directory of
$fpath. For fish: write it to ~/.config/fish/completions/memmap.fish. The Debian package contains all three.`;

  static override examples = [
    'source <(<%= config.bin %> <%= command.id %> bash)',
    '<%= config.bin %> <%= command.id %> zsh > _memmap',
    '<%= config.bin %> <%= command.id %> fish > memmap.fish',
  ];

  static override args = {
    shell: Args.string({
      description: 'bash, fish or zsh',
      options: Object.keys(SHELLS),
      required: true,
      ignoreStdin: true,
    }),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Completion);
    this.begin(flags);
    const manifest = JSON.parse(readFileSync(`${this.config.root}/oclif.manifest.json`, 'utf8')) as Manifest;
    const script = SHELLS[args.shell as Shell](planOf(manifest.commands, sets()));
    return this.print(flags.json ? {schema: 'memmap.completion/1', shell: args.shell, script} : script);
  }
}

interface Manifest {
  readonly commands: Readonly<Record<string, ManifestCommand>>;
}

/** What flags take whose values are checked where they are used, so that the manifest does not list them. */
const sets = (): Sets => ({
  flags: new Map([
    ['--sort', {are: 'words', words: [...PLACE_KEYS, ...BYTE_KEYS]}],
    ['ps --sort', {are: 'words', words: SORT_KEYS}],
    ['top --sort', {are: 'words', words: SORTS}],
    ['--columns', {are: 'words', words: ['all', 'help', ...COLUMN_NAMES], isList: true}],
    ['growth --measure', {are: 'words', words: GROWTH_MEASURES}],
    ['check --max', {are: 'words', words: [...new Set([...KINDS, ...MEASURE_KEYS])], ends: '='}],
    ['check --no', {are: 'words', words: [...Object.keys(LINTS), ...KINDS]}],
    ['check --no-growth', {are: 'words', words: ['rss', ...KINDS]}],
    ['record --dump-on', {are: 'words', words: ['oom', 'signal'], isList: true}],
    ['replay --from', {are: 'words', words: ['first', 'last']}],
    ['replay --to', {are: 'words', words: ['first', 'last']}],
  ]),
  lessons: LESSONS.map(({name}) => name),
  glossary: words().flatMap(({names}) => names.filter((name) => !name.includes('…'))),
});
