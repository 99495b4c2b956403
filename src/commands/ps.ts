import {Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {given, PROCESSES_ARG, PROCESSES_FLAGS} from './flags.ts';
import {csv} from '../features/ps/csv.ts';
import {isOfHeld, SORT_KEYS, type SortKey, sortKeyOf} from '../features/ps/choose.ts';
import {listProcesses, psJSON} from '../features/ps/ps.ts';
import {notesOf, renderPs} from '../features/ps/text.ts';
import {GROUPINGS} from '../model/host/processes.ts';
import {parseDuration, parseSize} from '../shell/values.ts';
import {prose} from './prose.ts';

export default class Ps extends BaseCommand {
  static override summary = 'list all processes by the memory that they really cost (PSS)';
  static override description = prose`
Prints PSS, resident memory, private dirty memory, swap, regions, user and command line of each process, the largest
first; a wide terminal has threads, and the unit or container, too. PSS divides a page by how many processes map it, so
it adds up: --by prints sums.

The counters come from smaps_rollup, and reading that holds up the process. So the largest are read first, each for
--max-stall at most and all together for --budget. Of the others only RSS is known, which PSS does not exceed: they are
sorted by it, and the table says why. That is not an error. Where --budget did not suffice, what was read is left in
memmap-ps.json in $XDG_RUNTIME_DIR or /run/user/UID (mode 0600): the next run reads the others first, and shows these
with their age. A run that reads all removes it.

Kernel threads and zombies have no memory of their own, and are not listed; memmap is left out.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --by user',
    '<%= config.bin %> <%= command.id %> --by unit --min-size 10M',
    '<%= config.bin %> <%= command.id %> --filter bash --sort privateDirty',
    '<%= config.bin %> <%= command.id %> --sort held',
    '<%= config.bin %> <%= command.id %> $$ cgroup:self',
    '<%= config.bin %> <%= command.id %> --csv > processes.csv',
    `<%= config.bin %> <%= command.id %> --json | jq '.totals.pss'`,
  ];

  static override args = {
    targets: PROCESSES_ARG,
  };

  static override flags = {
    by: Flags.option({description: 'add up by this; process by default', options: GROUPINGS})(),
    sort: Flags.custom<SortKey>({
      description: `the order, pss by default: ${SORT_KEYS.join(', ')}`,
      parse: async (text) => sortKeyOf(text),
      helpValue: '<by>',
    })(),
    ...PROCESSES_FLAGS,
    csv: Flags.boolean({description: 'print CSV: sizes in bytes', exclusive: ['json']}),
    budget: Flags.string({
      description: 'for how long reading may hold up all processes together',
      default: '1s',
      helpValue: '<time>',
    }),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Ps);
    this.begin(flags);
    const listed = listProcesses({
      root: flags['proc-root'],
      targets: args.targets ?? [],
      by: flags.by === 'process' ? undefined : flags.by,
      sort: flags.sort ?? 'pss',
      held: flags.held || isOfHeld(flags.sort),
      filter: flags.filter,
      minSize: given(flags['min-size'], parseSize) ?? 0,
      maxStall: parseDuration(flags['max-stall']),
      budget: parseDuration(flags.budget),
    });
    if (flags.csv) return this.printCSV(csv(listed.rows, listed.host.now, listed.options));
    return this.print(flags.json ? psJSON(listed, notesOf(listed)) : renderPs(listed, {width: this.width}));
  }
}
