import {Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {given, interval, LIMIT_FLAGS, PROCESSES_ARG, PROCESSES_FLAGS} from './flags.ts';
import {regionPages} from '../features/explain/pages.ts';
import {isOfHeld} from '../features/ps/choose.ts';
import {watchOf} from '../features/ps/ps.ts';
import {type Sort, SORTS, sortOf} from '../features/top/screen/view.ts';
import {jsonLines, ScreenSink, tables, type TopOptions} from '../features/top/sinks.ts';
import {top, type TopSink} from '../features/top/top.ts';
import {GROUPINGS} from '../model/host/processes.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {withProgress} from '../shell/output.ts';
import {interruption, type Interruption} from '../shell/signals.ts';
import {parseDuration, parseSize} from '../shell/values.ts';
import {prose} from './prose.ts';

/** ms between two samples of a process that is opened: what watch has. */
const INNER_INTERVAL = 500;

/** ms of the processor in a sample for what descriptors hold: as long as keys and signals may wait for their turn. */
const HELD_TIME = 100;

export default class Top extends BaseCommand {
  static override summary = 'show all processes by the memory that they really cost, live';
  static override description = prose`
What ps prints, as one screen that is redrawn in place (q quits, ? lists the keys), with how much resident memory grew
since top began, and how it moved. t adds up by name, user, unit, container or cgroup. Enter watches the process that is
selected, as memmap watch does, and Escape comes back. Where output goes elsewhere it prints the table of ps for each
sample; with --json one document a line.

In each sample status is read of all processes, which holds up none of them, and the counters only within the limits: of
one for --max-stall, of all together for --budget, and of none for more than 2 % of the time. Processes that were never
read come first, then the largest that waited longest. Counters of an earlier sample are dim and have their age; after
ten minutes they are no longer shown, but why they were not read. A process that is opened is read by its own screen
alone, and so for 2 % of the time at most. With --held descriptors are looked at for 0.1 s of a processor in each
sample; a process that has no turn keeps its earlier figures.

Kernel threads and zombies have no memory of their own, and are not listed; memmap is left out.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --by name --sort growth --for 10s',
    '<%= config.bin %> <%= command.id %> --filter bash --interval 500ms --count 3',
    `<%= config.bin %> <%= command.id %> --count 2 --json | jq '.totals.pss'`,
  ];

  static override args = {
    targets: PROCESSES_ARG,
  };

  static override flags = {
    interval: interval('2s'),
    ...LIMIT_FLAGS,
    by: Flags.option({description: 'add up by this; process by default', options: GROUPINGS})(),
    sort: Flags.custom<Sort>({
      description: `the order, pss by default: ${SORTS.join(', ')}`,
      parse: async (text) => sortOf(text),
      helpValue: '<by>',
    })(),
    ...PROCESSES_FLAGS,
    budget: Flags.string({
      description: 'for how long one sample may hold up all processes together',
      default: '200ms',
      helpValue: '<time>',
    }),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Top);
    this.begin(flags);
    const opened = new Set<number>();
    const options: TopOptions = {
      root: flags['proc-root'],
      targets: args.targets ?? [],
      by: flags.by === 'process' ? undefined : flags.by,
      sort: flags.sort ?? 'pss',
      filter: flags.filter,
      minSize: given(flags['min-size'], parseSize) ?? 0,
      maxStall: parseDuration(flags['max-stall']),
      budget: parseDuration(flags.budget),
      held: flags.held || isOfHeld(flags.sort),
      heldTime: HELD_TIME,
      spares: (pid) => opened.has(pid),
    };
    const limits = {
      interval: parseDuration(flags.interval),
      count: flags.count,
      duration: given(flags.for, parseDuration),
    };
    let isShown = false;
    const {watch, complain} = watchOf({...options, sort: 'pss'}, undefined, (what, items) =>
      // Once the screen is there, nothing else may be written to the terminal.
      isShown ? items : withProgress(what, items, items.length),
    );
    const interrupted = interruption();
    try {
      const sink = this.sink(flags.json, options, interrupted, opened);
      await top(watch, {...limits, signal: interrupted.signal}, sink, (host) => {
        isShown = true;
        complain(host);
      });
      const signal = interrupted.received();
      return signal ? exitOfSignal(signal) : EXIT.done;
    } finally {
      interrupted.dispose();
    }
  }

  private sink(isJson: boolean, options: TopOptions, interrupted: Interruption, opened: Set<number>): TopSink {
    if (isJson) return jsonLines(options);
    if (!this.canDraw) return tables(options, this.width);
    const {root, maxStall} = options;
    return new ScreenSink(
      options,
      {root, maxStall, interval: INNER_INTERVAL, explain: regionPages},
      interrupted,
      opened,
    );
  }
}
