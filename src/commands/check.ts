import {Args, Flags} from '@oclif/core';
import {Checker} from '../features/check/checker.ts';
import {BaseCommand, colorLevel, type FlagsOf} from './base.ts';
import {BUDGET_FLAGS, budgetOf, fileOf, given, GROUPS, interval, leastSize, output} from './flags.ts';
import {codeOfCheck, FORMATS, formatReport, requireOne, splitCheck, type Format} from '../features/check/formats.ts';
import {checkCommand} from '../features/check/command.ts';
import {checkGroup, checkRecordedGroup} from '../features/check/group.ts';
import {checkHost, regionsLimit} from '../features/check/host.ts';
import {groupRulesOf, rulesOf} from '../features/check/read-rules.ts';
import type {CheckReport} from '../features/check/result.ts';
import {refuseWithGroup} from '../features/group/flags.ts';
import {checkTarget} from '../features/check/target.ts';
import {parseDuration, parseSize} from '../shell/values.ts';
import {exitOfSignal} from '../shell/exit.ts';
import {codeOfRefusal, findCommand} from '../features/run/command.ts';
import {openReport, saveFile} from '../shell/file.ts';
import {codeOf, targetEnvironment} from '../features/run/run.ts';
import {groupNamed} from '../input/input.ts';
import {groupRecordingOf, inputOf} from '../input/open.ts';
import type {GroupName} from '../model/group/group.ts';
import {GROUP_MEASURES} from '../model/group/sample.ts';
import type {GroupRecording} from '../recording/group.ts';
import type {Remarkable} from '../shell/output.ts';
import {MEASURE_KEYS} from '../model/measures.ts';
import {Trouble} from '../model/trouble.ts';
import {setColorLevel} from '../text/theme.ts';
import {prose} from './prose.ts';

/** The time between two samples of a process, as --interval has it; and of all processes where it is not given: ms. */
const OFTEN = '100ms';
const SELDOM = 2000;

export default class Check extends BaseCommand {
  static override summary = 'check a process, a recording, a listing or a command against rules';
  static override description = prose`
A command is watched from its first instruction to its end, and has standard input, output and error to itself: the
report comes at the end, on standard error or in a file. For a target, the report goes to standard output.

Rules: --max NAME=LIMIT, where NAME is a measure of the whole process, a kind (heap, anon, …: its size) or a measure of
a kind (heap.rss); --no rwx, exec-stack, exec-anon, deleted-text, swap or a kind; --no-growth rss or a kind. A file has
one rule per line, in the same words without dashes; # begins a comment.

Exits with 1 if a rule is broken; else with the command's own code, if it failed; else with 5 if a rule could not be
measured; else with 0. The peak of a command's rss is what the kernel told at its end (ru_maxrss), and exact if it
started no other process. Of a process that still runs, the peaks of rss and size are the kernel's own (VmHWM, VmPeak)
up to the last sample. All others are the highest that a sample saw.

A command is counted with all processes that it starts, a target with --children: rss, pss, privateDirty, swap, size,
regions and threads are added up in each sample, and --no-growth rss judges them together. Of those that ended, the
kernel tells how much the largest had, also between two samples. Kinds and regions are those of the first process. A
member that could not be measured leaves the rule unmeasured, unless the rest breaks it, or its resident memory would
not.

With --all the rules apply to every process with memory of its own. PSS, private dirty and kinds are read for
--max-stall of one and --budget of all at most; --max-regions 80% is of vm.max_map_count; --no-growth takes rss, with
--for, and samples come every 2 s. A process of which a rule could not be measured is named, and ends the check with 5,
unless a rule is broken.

Of a group, or its recording, --max and --no-growth take ${GROUP_MEASURES.join(', ')}: its usage, the parts of its bill,
and sums of what its processes have. A group that is removed before --for is over ends the check with 5, unless a rule
is broken.`;

  static override usage =
    '<%= command.id %> [--max <rule>...] [--no <what>...] [--no-growth <name>...] [--rules <file>] ' +
    '<target> | --all | -- <command> [<arg>...]';

  static override examples = [
    '<%= config.bin %> <%= command.id %> --max heap=64M --max rss=200M --no rwx -- sleep 1',
    '<%= config.bin %> <%= command.id %> --max rss=1G --no exec-stack $$',
    '<%= config.bin %> <%= command.id %> --max size=1G before.txt --format github',
    "echo 'no rwx  # W^X' > rules.txt",
    '<%= config.bin %> <%= command.id %> --rules rules.txt --format junit -o junit.xml -- sleep 1',
    '<%= config.bin %> <%= command.id %> --max usage=64G --max pss=64G cgroup:self',
    '<%= config.bin %> <%= command.id %> --no-growth rss --for 5s $$ --json',
    '<%= config.bin %> <%= command.id %> --all --max pss=1T',
  ];

  /** What comes after -- is the command's, not oclif's. */
  static override strict = false;

  static override args = {
    target: Args.string({
      description: `a PID, the name of a process, ${GROUPS}, a recording, or a listing`,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    max: Flags.string({
      description: `an amount must never exceed a limit: a kind, or one of ${MEASURE_KEYS.join(', ')}`,
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<name>=<limit>',
    }),
    'max-regions': Flags.string({description: 'there must never be more regions than this', helpValue: '<number>'}),
    no: Flags.string({
      description: 'no region may be like this: rwx, exec-stack, exec-anon, deleted-text, swap, or a kind',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<what>',
    }),
    'no-growth': Flags.string({
      description: 'rss, or a kind, must not grow steadily',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<name>',
    }),
    rules: Flags.string({
      description: 'a file of rules, one per line',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<file>',
    }),
    format: Flags.option({
      description: 'the format of the report',
      options: FORMATS,
      default: 'text' as Format,
    })(),
    output: output('the file for the report; an earlier one is replaced'),
    'min-size': leastSize('ignore growth of less than this'),
    for: Flags.string({description: 'sample a process for this long, instead of once', helpValue: '<time>'}),
    interval: interval(OFTEN),
    all: Flags.boolean({
      description: 'check all processes: a result for each that breaks a rule',
      exclusive: ['children'],
    }),
    budget: Flags.string({
      description: 'with --all: for how long reading may hold up all processes together',
      default: '1s',
      helpValue: '<time>',
    }),
    children: Flags.boolean({
      description: 'count all descendants too: by default for a command, and not for a target',
      allowNo: true,
    }),
    ...BUDGET_FLAGS,
  };

  async run(): Promise<number> {
    const {own, command} = splitCheck(this.argv);
    const parser = {args: Check.args, flags: Check.flags, baseFlags: Check.baseFlags, strict: true};
    const {args, flags} = await this.parse(parser, own);
    requireOne(args.target, command, flags.all);
    if (flags.all) return this.ofAll(flags);
    const newChecker = (): Checker => new Checker(rulesOf(flags), parseSize(flags['min-size']));
    if (command) return this.ofCommand(command, newChecker(), flags);
    const name = args.target!;
    const recorded = groupRecordingOf({is: 'file', path: name});
    if (recorded) return this.ofGroup(recorded, name, flags);
    const group = groupNamed(name);
    if (group) return this.ofGroup(group, name, flags);
    return this.ofTarget(name, newChecker(), flags);
  }

  private async ofCommand(words: readonly string[], checker: Checker, flags: FlagsOf<typeof Check>): Promise<number> {
    const options = {...optionsOf(flags), children: flags.children ?? true};
    const command = findCommand(words, targetEnvironment());
    const file = openReport(fileOf(flags.output), false, 'replace');
    setColorLevel(colorLevel(flags.color, process.env, file.isTerminal));
    try {
      const {report, end} = await checkCommand(command, checker, options);
      file.write(formatReport(report, formOf(flags), file.width));
      await file.finish();
      return codeOfCheck(report, codeOf(end));
    } catch (error) {
      if (error instanceof Trouble && error.kind !== 'output') file.discard();
      throw error;
    }
  }

  private async ofTarget(name: string, checker: Checker, flags: FlagsOf<typeof Check>): Promise<number> {
    const options = {...optionsOf(flags), children: flags.children ?? false};
    this.begin(flags);
    const {report, remarks, isWhole, signal} = await checkTarget(inputOf(name, options.root), name, checker, options);
    return this.report(report, remarks, isWhole, signal, flags);
  }

  private async ofAll(flags: FlagsOf<typeof Check>): Promise<number> {
    const {duration, interval: given, maxStall, root} = optionsOf(flags);
    const most = flags['max-regions'];
    const rules = rulesOf({...flags, 'max-regions': most && regionsLimit(most, root)});
    this.begin(flags);
    const {report, remarks, isWhole, signal} = await checkHost(rules, parseSize(flags['min-size']), {
      root,
      maxStall,
      budget: parseDuration(flags.budget),
      interval: flags.interval === OFTEN ? SELDOM : given,
      duration,
    });
    return this.report(report, remarks, isWhole, signal, flags);
  }

  private async ofGroup(
    source: GroupName | GroupRecording,
    name: string,
    flags: FlagsOf<typeof Check>,
  ): Promise<number> {
    refuseWithGroup(flags, ['children']);
    const [rules, least] = [groupRulesOf(flags), parseSize(flags['min-size'])];
    this.begin(flags);
    const {report, remarks, isWhole, signal} =
      'samples' in source
        ? checkRecordedGroup(source, name, rules, least)
        : await checkGroup(source, name, rules, least, optionsOf(flags));
    return this.report(report, remarks, isWhole, signal, flags);
  }

  private async report(
    report: CheckReport,
    remarks: Remarkable,
    isWhole: boolean,
    signal: NodeJS.Signals | undefined,
    flags: FlagsOf<typeof Check>,
  ): Promise<number> {
    this.remark(remarks);
    const file = fileOf(flags.output);
    if (file === undefined) await this.print(formatReport(report, formOf(flags), this.width));
    else saveFile(file, formatReport(report, formOf(flags), undefined), 'replace');
    return signal ? exitOfSignal(signal) : codeOfCheck(report, 0, isWhole);
  }

  protected override codeOf = codeOfRefusal;
}

const formOf = ({json, format}: FlagsOf<typeof Check>): Format => (json ? 'json' : format);

const optionsOf = (flags: FlagsOf<typeof Check>) => ({
  duration: given(flags.for, parseDuration),
  interval: parseDuration(flags.interval),
  ...budgetOf(flags),
  root: flags['proc-root'],
});
