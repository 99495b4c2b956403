import {Args, Flags} from '@oclif/core';
import {BaseCommand, type FlagsOf} from './base.ts';
import {BUDGET_FLAGS, budgetOf, given, GROUPS, leastSize} from './flags.ts';
import {parseDuration, parseSize} from '../shell/values.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {growthOfListings} from '../features/growth/listings.ts';
import {noFamily} from '../input/recorded.ts';
import {isSeries} from '../input/series.ts';
import {growthOfTarget, type GrowthOptions, needsRecording, noBooks, type Watched} from '../features/growth/target.ts';
import type {Target} from '../input/input.ts';
import {groupRecordingOf, targetOf} from '../input/open.ts';
import type {GroupName} from '../model/group/group.ts';
import {GROUP_MEASURES} from '../model/group/sample.ts';
import type {GroupRecording} from '../recording/group.ts';
import {parseGroupMeasure, refuseWithGroup} from '../features/group/flags.ts';
import {groupGrowthJSON, renderGroupGrowth} from '../features/growth/group.ts';
import {growthOfGroup, growthOfRecordedGroup} from '../features/growth/group-target.ts';
import {GROWTH_MEASURES} from '../features/growth/growth.ts';
import {familyGrowthJSON, renderFamilyGrowth} from '../features/growth/family.ts';
import {renderStackGrowth, stackGrowthJSON} from '../features/growth/stacks-text.ts';
import {growthJSON, renderGrowth} from '../features/growth/text.ts';
import {parseMeasure} from '../text/measures.ts';
import {prose} from './prose.ts';

export default class GrowthCommand extends BaseCommand {
  static override summary = 'say what grows: how fast, how sure that is, and whether it stops';
  static override description = prose`
Samples a process for a while, or reads a recording, and judges its memory as a whole, by kind and by region: steady
growth, step, plateau, sawtooth, flat, shrinks, or not enough data. A slope has the bounds within which it lies with 95
% confidence. docs/growth.md says how it is judged.

Listings of one process that were saved one after another (by hand, by adb or kubectl) are judged too: a directory of
them, or several files. When each was taken is what --times says, else what the snapshots or the names of the files say,
else when they were written.

What is judged is what was seen: a cache that is still filling looks like a leak, and so does a collector that has not
run yet. Sample for longer than these take.

Of a recording that was made with --cause, --by stack judges what each call stack has mapped and not released: which
code leaks, and how fast. It ends with 5 where memory calls were lost.

Of a group, or of its recording, the usage is judged, each part of its bill, and what its processes have together.

With --heap malloc's books are read now and then (docs/heap.md): is it what the program has in use that grows, or what
malloc keeps? A recording that was made with --heap has them.

Exits with 0 whatever the verdict is, and with 5 where there is none (not enough data), where something of it is
incomplete, or where --heap was asked for and the books do not tell; memmap check --no-growth exits with 1 where
something grows.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$ --for 3s',
    '<%= config.bin %> <%= command.id %> $$ --for 5s --max-duty 20 --measure privateDirty --limit 2G',
    '<%= config.bin %> <%= command.id %> $$ --for 10s --heap',
    '<%= config.bin %> <%= command.id %> cgroup:self --for 3s',
    '<%= config.bin %> <%= command.id %> $$ --for 3s --json',
  ];

  static override args = {
    targets: Args.string({
      description:
        `a PID, the name of a process, ${GROUPS}, or a recording; or saved listings of one process, or a directory ` +
        'of them',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    for: Flags.string({description: 'for how long to sample a process', default: '60s', helpValue: '<time>'}),
    interval: Flags.string({
      description: 'time between two samples; by default 600 samples in all',
      helpValue: '<time>',
    }),
    measure: Flags.string({
      description:
        `what to follow: ${GROWTH_MEASURES.join(', ')} (rss by default); of a group ${GROUP_MEASURES.join(', ')} ` +
        '(usage)',
      helpValue: '<measure>',
    }),
    'min-size': leastSize('ignore movements of less than this'),
    limit: Flags.string({description: 'say when steady growth reaches this', helpValue: '<size>'}),
    times: Flags.string({
      description: 'of saved listings: a file with the name of each and when it was taken (a date, or seconds)',
      helpValue: '<file>',
    }),
    all: Flags.boolean({description: 'print every region that moved, however many'}),
    heap: Flags.boolean({
      description: "judge malloc's books too: does what is in use grow, or what malloc keeps? Reads memory",
    }),
    children: Flags.boolean({description: 'judge its family too: the process and its descendants together, and each'}),
    by: Flags.string({
      description: 'of a recording made with --cause: what is mapped and still there, by the call stack that mapped it',
      options: ['stack'],
    }),
    frames: Flags.string({
      description:
        "with --by: the functions of a stack without those of allocators, the loader and libc's start, or all",
      options: ['own', 'all'],
      dependsOn: ['by'],
    }),
    ...BUDGET_FLAGS,
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(GrowthCommand);
    this.begin(flags);
    const [first] = args.targets as [string, ...string[]];
    const isMany = isSeries(args.targets, flags['proc-root']);
    const target = isMany ? undefined : targetOf(first, flags['proc-root']);
    const recorded = target && groupRecordingOf(target);
    if (recorded || target?.is === 'group') return this.ofGroup(recorded ?? (target as GroupTarget).group, flags);
    const watched = await (target ? growthOfTarget(target, optionsOf(flags)) : this.saved(args.targets, flags));
    const isSaved = target === undefined;
    const {last, notes, rejected, signal, family, heap} = watched;
    const limit = given(flags.limit, parseSize);
    const growth = {...watched.growth, limit};
    const stacks = watched.stacks && {...watched.stacks, limit};
    this.remark({source: {name: rejected.length > 0 ? args.targets.join(' ') : undefined}, rejected, notes});
    const look = {width: this.width, rows: flags.all ? undefined : MOST_ROWS, isSaved, heap};
    const text = (): string =>
      stacks
        ? renderStackGrowth(stacks, last, look)
        : [renderGrowth(growth, last, look), ...(family ? renderFamilyGrowth(family, this.width) : [])].join('\n');
    const json = (): object => ({
      ...growthJSON(growth, last, notes, heap),
      family: family && familyGrowthJSON(family),
      byStack: stacks && stackGrowthJSON(stacks),
    });
    await this.print(flags.json ? json() : text());
    if (signal) return exitOfSignal(signal);
    const isWhole = rejected.length === 0 && watched.isWhole !== false && (stacks?.lost ?? 0) === 0;
    const isAnswered = stacks ? stacks.lost !== null : isJudged(flags.heap ? heap : (family ?? growth).total);
    return isWhole && isAnswered ? EXIT.done : EXIT.incomplete;
  }

  private saved(targets: readonly string[], flags: FlagsOf<typeof GrowthCommand>): Promise<Watched> {
    if (flags.children) throw noFamily(targets.join(' '), 'a listing is of one process.');
    if (flags.by) throw needsRecording('PID');
    if (flags.heap) throw noBooks(targets.join(' '), 'a listing has regions alone.');
    const {measure, least} = optionsOf(flags);
    return growthOfListings(targets, {measure, least, root: flags['proc-root'], times: flags.times});
  }

  private async ofGroup(source: GroupName | GroupRecording, flags: FlagsOf<typeof GrowthCommand>): Promise<number> {
    refuseWithGroup(flags, ['children', 'by', 'heap']);
    const [measure, limit] = [parseGroupMeasure(flags.measure ?? 'usage'), given(flags.limit, parseSize)];
    const options = {
      root: flags['proc-root'],
      ...budgetOf(flags),
      duration: parseDuration(flags.for),
      interval: given(flags.interval, parseDuration),
      measure,
      least: parseSize(flags['min-size']),
    };
    const {growth, group, title, notes, rejected, isWhole, signal} =
      'samples' in source
        ? growthOfRecordedGroup(source, measure, options.least)
        : await growthOfGroup(source, options);
    this.remark({source: {}, rejected, notes});
    await this.print(
      flags.json ? groupGrowthJSON(growth, group, notes) : renderGroupGrowth(growth, {title, limit, width: this.width}),
    );
    if (signal) return exitOfSignal(signal);
    return isWhole && isJudged(growth.total) ? EXIT.done : EXIT.incomplete;
  }
}

type GroupTarget = Extract<Target, {is: 'group'}>;

const MOST_ROWS = 10;

const isJudged = (judged: {readonly verdict: string} | undefined): boolean => judged?.verdict !== 'not enough data';

const optionsOf = (flags: FlagsOf<typeof GrowthCommand>): GrowthOptions => ({
  duration: parseDuration(flags.for),
  interval: given(flags.interval, parseDuration),
  measure: parseMeasure(flags.measure ?? 'rss', GROWTH_MEASURES),
  least: parseSize(flags['min-size']),
  children: flags.children,
  stacks: flags.by === undefined ? undefined : flags.frames === 'all' ? 'all' : 'own',
  heap: flags.heap,
  ...budgetOf(flags),
  root: flags['proc-root'],
});
