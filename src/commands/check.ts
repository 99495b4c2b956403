import {Args, Flags} from '@oclif/core';
import {Checker} from '../features/check/checker.ts';
import {BaseCommand, colorLevel} from './base.ts';
import {BUDGET_FLAGS, budgetOf} from './flags.ts';
import {codeOfCheck, FORMATS, formatReport, requireOne, splitCheck, type Format} from '../features/check/formats.ts';
import {checkCommand} from '../features/check/command.ts';
import {rulesOf} from '../features/check/read-rules.ts';
import {checkTarget} from '../features/check/target.ts';
import {parseDuration, parseSize} from '../shell/values.ts';
import {exitOfSignal} from '../shell/exit.ts';
import {writeOut} from '../shell/output.ts';
import {codeOfRefusal, findCommand} from '../features/run/command.ts';
import {openReport, saveFile} from '../shell/file.ts';
import {codeOf, targetEnvironment} from '../features/run/run.ts';
import {resolveTarget} from '../input/target.ts';
import {MEASURE_KEYS} from '../model/measures.ts';
import {Trouble} from '../model/trouble.ts';
import {setColorLevel} from '../text/theme.ts';

/** What all ways of checking need. */
interface Settings {
  readonly format: Format;
  readonly output: string | undefined;
  readonly color: boolean | undefined;
  readonly duration: number | undefined;
  readonly interval: number;
  readonly maxStall: number;
  readonly maxDuty: number;
  readonly root: string;
}

export default class Check extends BaseCommand {
  static override summary = 'hold a process, a recording, a listing or a command against rules, for scripts and CI';
  static override description = `A command is watched from its first instruction to its end, and has standard input, output and error to itself: the report comes at the end, on standard error or in a file. Of a target the report goes to standard output.

Rules: --max NAME=LIMIT, where NAME is a measure of the whole process, a kind (heap, anon, …: its size) or a measure of a kind (heap.rss); --no rwx, exec-stack, exec-anon, deleted-text, swap or a kind; --no-growth rss or a kind. A file has one rule a line, in the same words without dashes; # begins a comment.

Ends with 1 if a rule is broken; else with the command's own code, if it failed; else with 5 if a rule could not be measured; else with 0. The peaks of rss and size are the kernel's own (VmHWM, VmPeak) and exact; others are what was seen from look to look.`;

  static override usage =
    '<%= command.id %> [--max <rule>...] [--no <what>...] [--no-growth <name>...] [--rules <file>] <target> | -- <command> [<arg>...]';

  static override examples = [
    '<%= config.bin %> <%= command.id %> --max heap=64M --max rss=200M --max-regions 2000 --no rwx -- sleep 1',
    '<%= config.bin %> <%= command.id %> --max rss=1G --no exec-stack $$',
    '<%= config.bin %> <%= command.id %> --max size=1G before.txt --format github',
    "echo 'no rwx  # W^X' > rules.txt; <%= config.bin %> <%= command.id %> --rules rules.txt --format junit -o junit.xml -- sleep 1",
    '<%= config.bin %> <%= command.id %> --no-growth rss --for 2s $$ --json',
  ];

  /** What is behind -- is the command's, not oclif's. */
  static override strict = false;

  static override args = {
    target: Args.string({description: 'a PID, the name of a process, a recording, or a listing', ignoreStdin: true}),
  };

  static override flags = {
    max: Flags.string({
      description: `an amount never exceeds a limit: a kind, or one of ${MEASURE_KEYS.join(', ')}`,
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<name>=<limit>',
    }),
    'max-regions': Flags.string({description: 'there are never more regions', helpValue: '<number>'}),
    no: Flags.string({
      description: 'no region is so: rwx, exec-stack, exec-anon, deleted-text, swap, or a kind',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<what>',
    }),
    'no-growth': Flags.string({
      description: 'rss, or a kind, does not grow steadily',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<name>',
    }),
    rules: Flags.string({
      description: 'a file with rules, one a line',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<file>',
    }),
    format: Flags.option({
      description: 'the form of the report',
      options: FORMATS,
      default: 'text' as Format,
      helpValue: '<form>',
    })(),
    output: Flags.string({char: 'o', description: 'the file for the report', helpValue: '<file>'}),
    'min-size': Flags.string({
      description: 'growth by less than this does not matter',
      default: '64K',
      helpValue: '<size>',
    }),
    for: Flags.string({description: 'look at a process for this time, not once', helpValue: '<time>'}),
    interval: Flags.string({description: 'time between two looks', default: '100ms', helpValue: '<time>'}),
    ...BUDGET_FLAGS,
  };

  async run(): Promise<void> {
    const {own, command} = splitCheck(this.argv);
    const {args, flags} = await this.parse(
      {args: Check.args, flags: Check.flags, baseFlags: Check.baseFlags, strict: true},
      own,
    );
    requireOne(args.target, command);
    const checker = new Checker(rulesOf(flags), parseSize(flags['min-size']));
    const settings = {
      format: flags.json ? 'json' : flags.format,
      output: flags.output === '-' ? undefined : flags.output,
      color: flags.color,
      duration: flags.for === undefined ? undefined : parseDuration(flags.for),
      interval: parseDuration(flags.interval),
      ...budgetOf(flags),
      root: flags['proc-root'],
    } as const;
    if (command) await this.checkCommand(command, checker, settings);
    else await this.checkTarget(args.target!, checker, settings);
  }

  private async checkCommand(words: readonly string[], checker: Checker, settings: Settings): Promise<void> {
    const command = findCommand(words, targetEnvironment());
    const output = openReport(settings.output, false);
    setColorLevel(colorLevel(settings.color, process.env, output.isTerminal));
    try {
      const {report, end} = await checkCommand(command, checker, settings);
      output.write(formatReport(report, settings.format, output.width));
      await output.finish();
      process.exitCode = codeOfCheck(report, codeOf(end));
    } catch (error) {
      if (error instanceof Trouble && error.kind !== 'output') output.discard();
      throw error;
    }
  }

  private async checkTarget(name: string, checker: Checker, settings: Settings): Promise<void> {
    this.begin(settings);
    const target = resolveTarget(name, settings.root);
    const {report, remarks, isWhole, signal} = await checkTarget(target, name, checker, settings);
    this.remark(remarks);
    if (settings.output === undefined) await writeOut(formatReport(report, settings.format, this.width));
    else saveFile(settings.output, formatReport(report, settings.format, undefined));
    process.exitCode = signal ? exitOfSignal(signal) : codeOfCheck(report, 0, isWhole);
  }

  protected override async catch(error: unknown): Promise<void> {
    await super.catch(error);
    if (error instanceof Trouble) process.exitCode = codeOfRefusal(error);
  }
}
