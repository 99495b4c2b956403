import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {BUDGET_FLAGS, budgetOf, GROUPS} from './flags.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {whyJSON} from '../features/why/json.ts';
import {why} from '../features/why/target.ts';
import {renderWhy} from '../features/why/text.ts';
import {prose} from './prose.ts';

export default class Why extends BaseCommand {
  static override summary = 'say why a process is large: what holds its memory, does it grow, and what to do';
  static override description = prose`
One page: what holds the memory; whether it grows, with bounds; leaked, kept, cached or shared; which limit comes first,
and when; what is unusual; and what to do next. Each claim says what it rests on, and whether it is certain or likely;
what could not be looked at says why, and what would allow it.

A live process or group is watched for 10 s (--for), within the budgets of --max-stall and --max-duty. A recording, and
listings that were saved one after another, are judged as they are; of a single listing or a core, growth is unknown.

malloc's books are read where the rights allow (headers of chunks in the memory of the process, as memmap heap does; not
with --no-books). docs/why.md lists all that can be found.

Ends with 0 whenever it answered, whatever the answer is.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$ --for 2s',
    '<%= config.bin %> <%= command.id %> $$ --for 2s --children',
    '<%= config.bin %> <%= command.id %> cgroup:self --for 2s',
    '<%= config.bin %> <%= command.id %> /proc/self/smaps',
    '<%= config.bin %> <%= command.id %> $$ --for 2s --json',
  ];

  static override args = {
    targets: Args.string({
      description:
        `a PID, the name of a process, ${GROUPS}, a core file, a saved listing, a snapshot, a recording, or - for ` +
        'standard input; or saved listings of one process, or a directory of them',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    for: Flags.string({
      description: 'for how long to watch a live process or group',
      default: '10s',
      helpValue: '<time>',
    }),
    books: Flags.boolean({
      description:
        "read malloc's books in the memory of the process, where the rights allow; --no-books reads no memory",
      allowNo: true,
      default: true,
    }),
    children: Flags.boolean({description: 'look at its family: the process and its descendants together'}),
    ...BUDGET_FLAGS,
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Why);
    this.begin(flags);
    const {answer, remarks, signal} = await why(args.targets, {
      root: flags['proc-root'],
      duration: parseDuration(flags.for),
      children: flags.children,
      books: flags.books,
      ...budgetOf(flags),
    });
    if (remarks) this.remark(remarks);
    await this.print(flags.json ? whyJSON(answer, Date.now()) : renderWhy(answer, {width: this.width}));
    return signal ? exitOfSignal(signal) : EXIT.done;
  }
}
