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
  output,
  PROCESS_OR_GROUP_ARG,
} from './flags.ts';
import {parseDuration, parseSize} from '../shell/values.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {say} from '../shell/output.ts';
import {defaultName, OpenRecording, ringName} from '../features/record/file.ts';
import {checkedNames, recordProcess, type RecordSetting} from '../features/record/record.ts';
import {ListingSize} from '../features/record/recorder.ts';
import {RingRecording} from '../features/record/ring.ts';
import {recordedJSON, renderRecorded} from '../features/record/text.ts';
import {parseTriggers, Triggers} from '../features/record/triggers.ts';
import {refuseWithGroup} from '../features/group/flags.ts';
import {recordGroup, recordedGroupJSON, renderRecordedGroup} from '../features/record/group.ts';
import {HeapWatch, pauseFor} from '../features/heap/watch.ts';
import {CauseTrace} from '../features/cause/cause.ts';
import {processOf, targetOf} from '../input/open.ts';
import type {GroupName} from '../model/group/group.ts';
import {Stress} from '../procfs/host/stress.ts';
import {KinWatch} from '../procfs/kin/kin.ts';
import {Session} from '../procfs/sampling/session.ts';
import {prose} from './prose.ts';

export default class RecordCommand extends BaseCommand {
  static override summary = 'write down what happens to the memory of a process, to look at later';
  static override description = prose`
Samples the process at an interval, and writes what changed to a file, until the process ends, a limit is reached, or
Ctrl-C. show, diff, explain, replay and all other commands read the file: FILE is its last moment, FILE#12 the one with
that number, FILE@+30s the one at that time, FILE#name the one with that mark.

The file is JSON Lines, readable by its owner only, and compressed if its name ends with .gz. Each line is written
whole: a recorder that is killed loses one at most. SIGUSR1, or the key m, makes a mark.

With --ring only the last minutes are kept, in files beside the name that -o gives: FILE.ring-1, …, which a recorder
that is killed leaves behind, and the next one saves. When --dump-on says, and at the end, they are saved as a recording
of their own, with the time in its name and a mark that says why: what happened before the kill.

Of a group (cgroup:PATH, unit:NAME, container:ID) each sample is written: its usage, the parts of its bill, what its
processes have together, who came and went. memmap growth and memmap check read such a file. A group that is removed
meanwhile ends the recording with 5; what was seen is in the file.

With --heap (memmap record PID --heap) malloc's books are noted too, now and then: memmap growth and memmap report then
say whether what is in use grows, or what malloc keeps. That reads the memory of the process, as memmap heap does.

With --cause (memmap record PID --cause) each memory call is written down as well, with its stack, and at the end who
mapped what, and what is still there: memmap export has it as a flame graph.

Sampling costs the process little. smaps, which holds up the process, is read at the start, at marks and at the end, and
in between only for a small part of the time (--max-duty). maps is read for each sample; before Linux 6.17 it holds up
the process too, and samples are left out for it. What it cost is reported at the end.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$ -o shell.jsonl --for 2s',
    '<%= config.bin %> diff shell.jsonl#first shell.jsonl#last',
    '<%= config.bin %> <%= command.id %> $$ --count 5 --interval 100ms',
    '<%= config.bin %> <%= command.id %> $$ --append -o shell.jsonl.gz --for 1s',
    '<%= config.bin %> <%= command.id %> $$ --children -o family.jsonl --for 1s',
    '<%= config.bin %> show family.jsonl#last --children',
    '<%= config.bin %> <%= command.id %> $$ --ring 10m --dump-on oom,signal -o black-box.jsonl --for 2s',
    '<%= config.bin %> <%= command.id %> $$ --heap --interval 100ms -o heap.jsonl --for 4s',
    '<%= config.bin %> growth heap.jsonl',
    '<%= config.bin %> <%= command.id %> cgroup:self --interval 100ms -o group.jsonl --for 3s',
    '<%= config.bin %> growth group.jsonl',
    "jq -r 'select(.status.vmRss) | [.t, .status.vmRss] | @tsv' shell.jsonl",
  ];

  static override args = {
    pid: PROCESS_OR_GROUP_ARG,
  };

  static override flags = {
    output: output('the file; by default one in this directory that is named after program, PID and time'),
    interval: interval('500ms'),
    ...LIMIT_FLAGS,
    'until-exit': Flags.boolean({
      description: 'end when the process ends, as without limits',
      exclusive: ['for', 'count'],
    }),
    mark: Flags.string({
      description: 'the name of the first mark (of the second, …); the others are mark1, mark2, …',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<name>',
    }),
    append: Flags.boolean({description: 'append to a recording of the same process', exclusive: ['force']}),
    force: Flags.boolean({description: 'replace an existing file'}),
    children: Flags.boolean({description: 'record all its descendants too: what each has, and when they come and go'}),
    ring: Flags.string({
      description: 'keep only the last part, of this length, and save it when --dump-on says, and at the end',
      helpValue: '<time>',
      exclusive: ['append', 'children', 'cause', 'heap'],
    }),
    'ring-size': Flags.string({
      description: 'with --ring: keep at most this much, even if it is less time',
      default: '64M',
      helpValue: '<size>',
    }),
    'dump-on': Flags.string({
      description:
        'with --ring: save it when tasks wait for memory for this part of 10 s (psi=some:10%, psi=full:5%), when a ' +
        'cgroup of the process reaches this part of its limit (limit=90%), when the OOM killer kills in its cgroup ' +
        '(oom), on SIGUSR1 (signal); oom and signal by default',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<when>',
      dependsOn: ['ring'],
    }),
    'dump-pause': Flags.string({
      description: 'with --ring: the least time between two saves, except on a signal and at the end',
      default: '1m',
      helpValue: '<time>',
    }),
    'max-dumps': Flags.integer({
      description: 'with --ring: save at most this many times, not counting signals and the end',
      default: 20,
      min: 1,
      helpValue: '<number>',
    }),
    heap: Flags.boolean({
      description: "note malloc's books now and then, for growth and report; reads memory (docs/heap.md)",
    }),
    ...CAUSE_FLAGS,
    ...BUDGET_FLAGS,
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(RecordCommand);
    this.begin(flags);
    const target = targetOf(args.pid, flags['proc-root']);
    if (target.is === 'group') return this.group(target.group, flags);
    const limits = {
      interval: parseDuration(flags.interval),
      count: flags.count && flags.count - 1,
      duration: given(flags.for, parseDuration),
      names: checkedNames(flags.mark),
    };
    const listing = new ListingSize();
    const pid = processOf(args.pid, flags['proc-root']);
    if (flags.ring !== undefined) return this.ring(pid, flags.ring, {...limits, listing}, flags);
    const wish = causeOf(flags);
    // What happens from here on is known: the first sample comes after it.
    const trace = wish && (await CauseTrace.start(pid, {...wish, tellsCalls: true}));
    let session: Session | undefined;
    try {
      session = this.attach(pid, flags, listing, trace !== undefined);
      const path = flags.output ?? defaultName(session.snapshot.process);
      const file = OpenRecording.open(path, flags.append ? 'append' : flags.force ? 'replace' : 'refuse');
      try {
        const writer = file.begin(session.snapshot, limits.interval, this.memmapVersion);
        const kin = this.kinOf(session, flags);
        const heap = flags.heap ? new HeapWatch(session.handle, pauseFor(limits.duration)) : undefined;
        const summary = await recordProcess(session, writer, {...limits, listing, file, kin, heap, trace});
        await this.print(flags.json ? recordedJSON(summary) : renderRecorded(summary, this.width));
        return summary.reason.startsWith('SIG') ? exitOfSignal(summary.reason) : EXIT.done;
      } finally {
        await file.close();
      }
    } finally {
      session?.close();
      await trace?.close();
    }
  }

  /** Keeps the last minutes alone. */
  private async ring(
    pid: number,
    keep: string,
    limits: Pick<RecordSetting, 'interval' | 'count' | 'duration' | 'names' | 'listing'>,
    flags: FlagsOf<typeof RecordCommand>,
  ): Promise<number> {
    const bounds = {keep: parseDuration(keep), most: parseSize(flags['ring-size'])};
    const pace = {pause: parseDuration(flags['dump-pause']), most: flags['max-dumps']};
    const when = parseTriggers(flags['dump-on'] ?? ['oom', 'signal']);
    const session = this.attach(pid, flags, limits.listing, false);
    try {
      const triggers = new Triggers(when, new Stress(pid, flags['proc-root']), pace);
      for (const note of triggers.notes) say(`memmap: ${note}`);
      const ring = new RingRecording(flags.output ?? ringName(session.snapshot.process), bounds);
      try {
        const writer = ring.begin(session, limits.interval, this.memmapVersion);
        const summary = await recordProcess(session, writer, {...limits, file: ring, ring: {ring, triggers}});
        await this.print(flags.json ? recordedJSON(summary) : renderRecorded(summary, this.width));
        return summary.reason.startsWith('SIG') ? exitOfSignal(summary.reason) : EXIT.done;
      } finally {
        await ring.close();
      }
    } finally {
      session.close();
    }
  }

  private async group(name: GroupName, flags: FlagsOf<typeof RecordCommand>): Promise<number> {
    refuseWithGroup(flags, ['append', 'children', 'mark', 'cause', 'ring', 'heap']);
    const recorded = await recordGroup(name, {
      root: flags['proc-root'],
      ...budgetOf(flags),
      interval: parseDuration(flags.interval),
      count: flags.count && flags.count - 1,
      duration: given(flags.for, parseDuration),
      output: flags.output,
      isForced: flags.force,
      memmap: this.memmapVersion,
    });
    await this.print(flags.json ? recordedGroupJSON(recorded) : renderRecordedGroup(recorded, this.width));
    const {reason} = recorded.end;
    if (reason.startsWith('SIG')) return exitOfSignal(reason);
    return reason === 'gone' ? EXIT.incomplete : EXIT.done;
  }

  private kinOf({snapshot}: Session, flags: FlagsOf<typeof RecordCommand>): KinWatch | undefined {
    const root = flags['proc-root'];
    return flags.children ? new KinWatch(snapshot.process.pid!, {root, ...budgetOf(flags)}) : undefined;
  }

  private attach(
    pid: number,
    flags: FlagsOf<typeof RecordCommand>,
    {onListing}: ListingSize,
    hasTrace: boolean,
  ): Session {
    const root = flags['proc-root'];
    // A sample of a mark waits with others until it is known whose the changes are.
    const session = new Session(pid, {root, ...budgetOf(flags), onListing, keepsLast: !hasTrace});
    this.remark(session.snapshot);
    return session;
  }
}
