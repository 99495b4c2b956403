import {Flags} from '@oclif/core';
import {BaseCommand, colorLevel} from './base.ts';
import {
  BUDGET_FLAGS,
  budgetOf,
  CAUSE_FLAGS,
  causeOf,
  fileOf,
  force,
  given,
  ifThere,
  interval,
  maxStall,
  output,
} from './flags.ts';
import {parseDuration} from '../shell/values.ts';
import {codeOfRefusal, findCommand, splitCall} from '../features/run/command.ts';
import {openReport} from '../shell/file.ts';
import {codeOf, runTarget, targetEnvironment} from '../features/run/run.ts';
import {setColorLevel} from '../text/theme.ts';
import {prose} from './prose.ts';

export default class Run extends BaseCommand {
  static override summary = 'start a command, and report what its memory did from start to end';
  static override description = prose`
The command has standard input, output and error to itself, and memmap exits with its code (128+n if signal n ended it;
127 if there is no such command, 126 if it can't be executed). The report comes at the end, on standard error or in a
file that only you may read; with --json it is one JSON object per line, as it happens, the same events as those of
watch --json.

The peak is the kernel's own, up to the very end (ru_maxrss, as wait4(2) tells it): of the command, if it starts no
other process; else of the largest among it and those it started. Those are followed too: their status is read in each
sample, smaps_rollup within --max-duty for all of them together; what lives and ends between two samples is not added
up. Regions, kinds and changes are those of the command's own process. --no-children leaves the others alone. What it
started and left running goes on, and is named. A script without a first line #! is not executed: name its interpreter.

With --cause (memmap run --cause -- ./server) each memory call of the command's own process is seen as well, with its
stack: --json has the calls of each change, and the report says who mapped what, what was there at the peak and at the
end. Without the rights for that it ends with 4 before the command starts; --cause-engine ptrace needs none, and slows
the command down.`;

  static override usage =
    '<%= command.id %> [-o <file>] [--json] [--interval <time>] [--record <file>] [--no-aslr] -- <command> [<arg>...]';

  static override examples = [
    '<%= config.bin %> <%= command.id %> -- ls -l',
    '<%= config.bin %> <%= command.id %> -o report.txt -- sort before.txt',
    '<%= config.bin %> <%= command.id %> -o events.json --json --interval 20ms -- sleep 0.2',
    '<%= config.bin %> <%= command.id %> --record slept.jsonl -- sleep 0.5; <%= config.bin %> replay slept.jsonl',
    '<%= config.bin %> <%= command.id %> --no-aslr -- cat /proc/self/maps',
  ];

  /** To oclif, all words may be the command's; splitCall decides which are ours. */
  static override strict = false;

  static override flags = {
    output: output('the file for the report'),
    force,
    interval: interval('100ms'),
    record: Flags.string({
      description: 'record it to this file too, as memmap record does',
      helpValue: '<file>',
    }),
    'no-aslr': Flags.boolean({
      description: 'have the kernel place its memory without randomness: the same in each run',
    }),
    children: Flags.boolean({
      description: 'count the processes that it starts too',
      allowNo: true,
      default: true,
    }),
    ...CAUSE_FLAGS,
    ...BUDGET_FLAGS,
    'max-stall': maxStall('one sample may hold up the command'),
  };

  async run(): Promise<number> {
    const {own, command: words} = splitCall(this.argv);
    const {flags} = await this.parse({flags: Run.flags, baseFlags: Run.baseFlags, strict: true}, own);
    const every = parseDuration(flags.interval);
    const options = {
      interval: every,
      ...budgetOf(flags),
      root: flags['proc-root'],
      withoutAslr: flags['no-aslr'],
      children: flags.children,
      isJson: flags.json,
      cause: causeOf({...flags, json: flags.json || flags.record !== undefined}, true),
      record: given(flags.record, (file) => ({
        file,
        ifThere: ifThere(flags),
        interval: every,
        version: this.memmapVersion,
      })),
    };
    const command = findCommand(words, targetEnvironment());
    const report = openReport(fileOf(flags.output), flags.json, ifThere(flags));
    setColorLevel(colorLevel(flags.color, process.env, report.isTerminal));
    return codeOf(await runTarget(command, options, report));
  }

  protected override codeOf = codeOfRefusal;
}
