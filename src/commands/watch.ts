import {Flags} from '@oclif/core';
import {BaseCommand, type FlagsOf} from './base.ts';
import {
  BUDGET_FLAGS,
  budgetOf,
  CAUSE_FLAGS,
  causeOf,
  given,
  interval,
  LIMIT_FLAGS,
  PROCESS_OR_GROUP_ARG,
} from './flags.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {CauseTrace} from '../features/cause/cause.ts';
import {withCauses} from '../features/cause/follow.ts';
import {tellAll, type Sink} from '../features/watch/events.ts';
import {jsonSink, watchLines} from '../features/watch/sinks.ts';
import {chosenOnly} from '../features/watch/chosen.ts';
import {choiceOf, CHOICE_FLAGS} from '../features/show/choose.ts';
import {regionPages} from '../features/explain/pages.ts';
import {ScreenSink} from '../features/watch/screen/sink.ts';
import {refuseWithGroup} from '../features/group/flags.ts';
import {groupJSONSink, groupLines, tellGroup} from '../features/group/sinks.ts';
import {parseGroupCondition} from '../features/group/until.ts';
import {followGroup} from '../features/group/watch.ts';
import {GroupWatch} from '../procfs/host/group-watch.ts';
import type {GroupName} from '../model/group/group.ts';
import {interruption, type Interruption} from '../shell/signals.ts';
import {processOf, targetOf} from '../input/open.ts';
import {type Condition, parseCondition} from '../features/watch/until.ts';
import {watch} from '../features/watch/watch.ts';
import {MEASURE_KEYS} from '../model/measures.ts';
import {KinWatch} from '../procfs/kin/kin.ts';
import {Session} from '../procfs/sampling/session.ts';
import {prose} from './prose.ts';

const UNTIL =
  "end when this becomes true, with exit code 1 if it never does: a region's name or kind, a " +
  'measure of it (heap.rss) ' +
  `or of the whole process, and how it compares with a number (>, >=, <, <=). Measures: ${MEASURE_KEYS.join(', ')}`;

/** Times in ms. */
interface WatchSetting {
  readonly every: number;
  readonly duration: number | undefined;
  readonly until: Condition | undefined;
  readonly trace: CauseTrace | undefined;
}

export default class Watch extends BaseCommand {
  static override summary = 'report each change to a process as it happens';
  static override description = prose`
On a terminal it shows one screen, redrawn in place (q quits, ? lists the keys); into a pipe it prints one line per
change; with --json one JSON object per line. --kind and --filter leave the chosen regions and their changes, and the
totals stay those of the whole process; --sort is the order of the regions on the screen, and of the changes of one
sample in lines and JSON. It ends when the process does, on Ctrl-C, or at a limit.

A group (cgroup:PATH, unit:NAME of systemd, container:ID; cgroup:self is that of memmap) is reported in lines: what
moved of its usage and by part, processes that come and go, and how often it was at its limit. --until then compares a
part of its bill or what its processes have: usage>1G, pss>200M, processes<1. A group that is removed meanwhile ends the
watch with 5.

Sampling costs the process little. smaps, which holds up the process, is read at the start and at the end, and in
between only for a small part of the time (--max-duty). maps is read for each sample; before Linux 6.17 it holds up the
process too, and samples are left out for it. What it cost is reported at the end.

With --cause (memmap watch PID --cause) each memory call of the process is seen as well, with its stack: under each
change stands which calls made it, and at the end who mapped what, and what is still there. The process is not
stopped.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$',
    '<%= config.bin %> <%= command.id %> $$ --interval 100ms --for 10s',
    "<%= config.bin %> <%= command.id %> $$ --until 'heap>1M' --for 1m",
    '<%= config.bin %> <%= command.id %> $$ --kind heap --kind anon --for 10s',
    '<%= config.bin %> <%= command.id %> $$ --count 3 --json',
    '<%= config.bin %> <%= command.id %> $$ --children --for 2s',
    '<%= config.bin %> <%= command.id %> cgroup:self --for 2s',
  ];

  static override args = {
    pid: PROCESS_OR_GROUP_ARG,
  };

  static override flags = {
    interval: interval('500ms'),
    ...LIMIT_FLAGS,
    until: Flags.string({
      description: UNTIL,
      helpValue: '<condition>',
    }),
    kind: CHOICE_FLAGS.kind,
    filter: CHOICE_FLAGS.filter,
    sort: CHOICE_FLAGS.sort,
    children: Flags.boolean({
      description: 'follow all its descendants too: what they have together, who comes and goes',
    }),
    ...CAUSE_FLAGS,
    ...BUDGET_FLAGS,
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Watch);
    this.begin(flags);
    const target = targetOf(args.pid, flags['proc-root']);
    if (target.is === 'group') return this.group(target.group, flags);
    const every = parseDuration(flags.interval);
    const duration = given(flags.for, parseDuration);
    const until = given(flags.until, parseCondition);
    const pid = processOf(args.pid, flags['proc-root']);
    const wish = causeOf(flags);
    // What happens from here on is known: the first sample comes after it.
    const trace = wish && (await CauseTrace.start(pid, wish));
    try {
      return await this.process(pid, flags, {every, duration, until, trace});
    } finally {
      await trace?.close();
    }
  }

  private async process(
    pid: number,
    flags: FlagsOf<typeof Watch>,
    {every, duration, until, trace}: WatchSetting,
  ): Promise<number> {
    const session = this.attach(pid, flags);
    const interrupted = interruption();
    try {
      const sink = this.sink(flags, session, every, interrupted);
      const options = {
        interval: every,
        count: flags.count,
        duration,
        until,
        kin: flags.children ? this.kinOf(session, flags) : undefined,
        signal: interrupted.signal,
        stoppedBy: interrupted.received,
      };
      const events = watch(session, options);
      const end = await tellAll(trace ? withCauses(events, trace) : events, sink);
      const signal = interrupted.received();
      if (signal) return exitOfSignal(signal);
      return until && end?.reason !== 'until' ? EXIT.no : EXIT.done;
    } finally {
      interrupted.dispose();
      session.close();
    }
  }

  private async group(name: GroupName, flags: FlagsOf<typeof Watch>): Promise<number> {
    refuseWithGroup(flags, ['kind', 'filter', 'sort', 'children', 'cause']);
    const until = given(flags.until, parseGroupCondition);
    const followed = new GroupWatch(name, {root: flags['proc-root'], ...budgetOf(flags)});
    const interrupted = interruption();
    const options = {
      interval: parseDuration(flags.interval),
      count: flags.count,
      duration: given(flags.for, parseDuration),
      until,
      signal: interrupted.signal,
      stoppedBy: interrupted.received,
    };
    try {
      const sink = flags.json ? groupJSONSink(followed) : groupLines(followed, options, this.width);
      const {reason} = await tellGroup(followGroup(followed, options), sink);
      const signal = interrupted.received();
      if (signal) return exitOfSignal(signal);
      if (reason === 'gone') return EXIT.incomplete;
      return until && reason !== 'until' ? EXIT.no : EXIT.done;
    } finally {
      interrupted.dispose();
    }
  }

  private attach(pid: number, flags: FlagsOf<typeof Watch>): Session {
    const root = flags['proc-root'];
    const options = {root, ...budgetOf(flags), keepsLast: !this.hasScreen(flags)};
    const session = new Session(pid, options);
    this.remark(session.snapshot);
    return session;
  }

  private kinOf({snapshot}: Session, flags: FlagsOf<typeof Watch>): KinWatch {
    return new KinWatch(snapshot.process.pid!, {root: flags['proc-root'], ...budgetOf(flags)});
  }

  private hasScreen({json: isJson}: FlagsOf<typeof Watch>): boolean {
    return !isJson && this.canDraw;
  }

  private sink(flags: FlagsOf<typeof Watch>, session: Session, interval: number, interrupted: Interruption): Sink {
    const {json: isJson, sort} = flags;
    const choice = choiceOf(flags);
    if (this.hasScreen(flags))
      return new ScreenSink(session, interrupted, {interval, choice, sort, explain: regionPages(session.handle)});
    return chosenOnly(isJson ? jsonSink(undefined, choice) : watchLines(interval, choice, this.width), choice, sort);
  }
}
