import {Flags} from '@oclif/core';
import {BaseCommand, type FlagsOf} from './base.ts';
import {fileOf, given, maxStall, output, PROCESSES_ARG, PROCESSES_FLAGS} from './flags.ts';
import {MetricsFile} from '../features/metrics/file.ts';
import {METRIC_GROUPINGS} from '../features/metrics/groups.ts';
import {Meter} from '../features/metrics/meter.ts';
import {allSinks, fileSink, jsonSink, type MetricsSink, textSink} from '../features/metrics/sinks.ts';
import {lookOnce, type PsOptions, watchOf} from '../features/ps/ps.ts';
import {rounds} from '../procfs/host/rounds.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {interruption} from '../shell/signals.ts';
import {parseDuration, parseSize} from '../shell/values.ts';
import {prose} from './prose.ts';

/** Time series of each metric, unless the user allows more. */
const MOST_GROUPS = 1000;

export default class Metrics extends BaseCommand {
  static override summary = 'print the memory of processes as metrics for Prometheus';
  static override description = prose`
Prints PSS, resident memory, private dirty memory, swap, regions, processes and threads of all processes, or of those
meant, in Prometheus' text format, without times: for node_exporter's textfile collector, with -o. A process counts in
its container, else in its unit, else under its name; --by decides otherwise, and pids are labels only with --by
process. Command lines are never in it. Of units, containers and cgroups there are usage, limit and headroom of the
cgroup, too.

Reading is limited as in memmap ps: it holds up each process for --max-stall at most, and all together for --budget.
What was not read is counted (memmap_unread_processes), and the next round reads it first; what is old has its age
(memmap_sample_age_seconds). With --every it continues, until a signal or a limit ends it.

-o replaces the file by rename, so that nobody reads half of it, and only if memmap metrics wrote it. It is readable for
all (0644).

--otlp pushes the same to an OpenTelemetry collector, or to any other receiver of OTLP over HTTP. It is compressed, and
retried while the receiver is away; with --spool what waits is kept after the end of the run too. Secrets are headers in
OTEL_EXPORTER_OTLP_HEADERS, never in the command line. No other command of memmap opens a connection, and this one only
then.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --by name | grep memmap_pss_bytes',
    '<%= config.bin %> <%= command.id %> -o memmap.prom',
    '<%= config.bin %> <%= command.id %> -o memmap.prom --every 1s --count 2',
    `<%= config.bin %> <%= command.id %> --json | jq '.metrics[].name'`,
  ];

  static override args = {
    targets: PROCESSES_ARG,
  };

  static override flags = {
    by: Flags.option({
      description: 'what processes are added up by; auto: the container, else the unit, else the name',
      options: METRIC_GROUPINGS,
      default: 'auto',
    })(),
    filter: PROCESSES_FLAGS.filter,
    output: output('the file to write, such as memmap.prom; without it, or with -, standard output', ['json']),
    force: Flags.boolean({description: 'replace a file that memmap metrics did not write'}),
    otlp: Flags.string({
      description: 'push to this receiver, by OTLP over HTTP; /v1/metrics where it has no path',
      helpValue: '<url>',
      exclusive: ['json'],
    }),
    spool: Flags.string({
      description: 'with --otlp: the directory where rounds wait while the receiver is away; without it, in memory',
      helpValue: '<dir>',
      dependsOn: ['otlp'],
    }),
    'spool-size': Flags.string({
      description: 'with --otlp: how much may wait, compressed; beyond that the oldest are dropped, and counted',
      default: '64M',
      helpValue: '<size>',
    }),
    'retry-for': Flags.string({
      description: 'with --otlp: for how long to retry at the end; by default 30s, or 5s with --every',
      helpValue: '<time>',
      dependsOn: ['otlp'],
    }),
    every: Flags.string({
      description: 'repeat at this interval, until a signal or a limit ends it',
      helpValue: '<time>',
    }),
    count: Flags.integer({
      description: 'with --every: end after this many rounds',
      min: 1,
      helpValue: '<number>',
      dependsOn: ['every'],
    }),
    for: Flags.string({description: 'with --every: end after this time', helpValue: '<time>', dependsOn: ['every']}),
    'max-groups': Flags.integer({
      description: 'at most this many groups: those with the least PSS beyond that are added up as by="rest"',
      default: MOST_GROUPS,
      min: 1,
      helpValue: '<number>',
    }),
    'max-stall': maxStall('reading may hold up each process'),
    budget: Flags.string({
      description: 'for how long one round may hold up all processes together',
      default: '1s',
      helpValue: '<time>',
    }),
  };

  async run(): Promise<number> {
    const {args, flags} = await this.parse(Metrics);
    this.begin(flags);
    const options: PsOptions = {
      root: flags['proc-root'],
      targets: args.targets ?? [],
      by: undefined,
      sort: 'pss',
      filter: flags.filter,
      minSize: 0,
      maxStall: parseDuration(flags['max-stall']),
      budget: parseDuration(flags.budget),
    };
    const every = given(flags.every, parseDuration);
    const path = fileOf(flags.output);
    const file = path === undefined ? undefined : new MetricsFile(path, flags.force);
    const meter = new Meter({
      root: options.root,
      by: flags.by,
      maxGroups: flags['max-groups'],
      version: this.memmapVersion,
      stallMs: 1000 * (file?.lastValue('memmap_stall_seconds_total') ?? 0),
    });
    const sink = await this.sink(flags, file);
    if (every !== undefined) return this.goOn(options, every, flags, meter, sink);
    await sink.tell(meter.roundOf(lookOnce(options).host, sink.families?.()));
    return this.ended(sink);
  }

  private async goOn(
    options: PsOptions,
    interval: number,
    flags: FlagsOf<typeof Metrics>,
    meter: Meter,
    sink: MetricsSink,
  ): Promise<number> {
    const {watch, complain} = watchOf(options);
    const interrupted = interruption();
    const limits = {interval, count: flags.count, duration: given(flags.for, parseDuration)};
    let isFirst = true;
    try {
      for await (const host of rounds(watch, {...limits, signal: interrupted.signal})) {
        if (isFirst) complain(host);
        isFirst = false;
        await sink.tell(meter.roundOf(host, sink.families?.()));
      }
      const signal = interrupted.received();
      // What is tried at the end may take long: a second signal ends it.
      if (signal) interrupted.dispose();
      const code = await this.ended(sink);
      return signal ? exitOfSignal(signal) : code;
    } finally {
      interrupted.dispose();
    }
  }

  private async ended(sink: MetricsSink): Promise<number> {
    return ((await sink.end?.()) ?? true) ? EXIT.done : EXIT.output;
  }

  private async sink(flags: FlagsOf<typeof Metrics>, file: MetricsFile | undefined): Promise<MetricsSink> {
    if (flags.json) return jsonSink(flags.by);
    const sinks = file ? [fileSink(file)] : [];
    if (flags.otlp !== undefined) sinks.push(await this.push(flags.otlp, flags));
    return sinks.length === 0 ? textSink() : allSinks(sinks);
  }

  /** What it takes to push is loaded only where somebody pushes. */
  private async push(url: string, flags: FlagsOf<typeof Metrics>): Promise<MetricsSink> {
    const {pushSink} = await import('../features/metrics/otlp/sink.ts');
    const isRepeated = flags.every !== undefined;
    return pushSink({
      url,
      spool: flags.spool,
      spoolSize: parseSize(flags['spool-size']),
      environment: process.env,
      version: this.memmapVersion,
      isRepeated,
      patience: given(flags['retry-for'], parseDuration) ?? (isRepeated ? 5000 : 30_000),
    });
  }
}
