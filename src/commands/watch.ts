import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.ts';
import {BUDGET_FLAGS, budgetOf} from './flags.ts';
import {parseDuration} from '../shell/values.ts';
import {EXIT, exitOfSignal} from '../shell/exit.ts';
import {jsonReporter, lineReporter} from '../features/watch/tell.ts';
import {screenReporter} from '../features/watch/screen/reporter.ts';
import {interruption, type Interruption} from '../shell/signals.ts';
import {resolveProcess} from '../input/target.ts';
import {parseCondition} from '../features/watch/until.ts';
import {watch, type Reporter} from '../features/watch/watch.ts';
import {MEASURE_KEYS} from '../model/measures.ts';
import {Session} from '../procfs/session.ts';

const UNTIL =
  "end when this comes true, and with exit code 1 if it doesn't: a region's name or kind, a measure of it (heap.rss) " +
  `or of the whole process, and how it compares with a number (>, >=, <, <=). Measures: ${MEASURE_KEYS.join(', ')}`;

export default class Watch extends BaseCommand {
  static override summary = 'report each change to a process as it happens';
  static override description = `On a terminal it shows one screen, redrawn in place (q quits, ? tells its keys); into a pipe it prints a line a change; with --json one JSON object a line. It ends when the process does, on Ctrl-C, or at a limit.

Looking is kept gentle: maps, which is harmless, is read at each look; smaps, which holds up the process, only for a small part of the time (--max-duty). What it cost is said at the end.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> $$',
    '<%= config.bin %> <%= command.id %> $$ --interval 100ms --for 10s',
    "<%= config.bin %> <%= command.id %> $$ --until 'heap>1M' --for 1m",
    '<%= config.bin %> <%= command.id %> $$ --count 3 --json',
  ];

  static override args = {
    pid: Args.string({description: 'a PID, or the name of a process', required: true, ignoreStdin: true}),
  };

  static override flags = {
    interval: Flags.string({description: 'time between two looks', default: '500ms', helpValue: '<time>'}),
    count: Flags.integer({description: 'end after so many looks', min: 1}),
    for: Flags.string({description: 'end after this time', helpValue: '<time>'}),
    until: Flags.string({
      description: UNTIL,
      helpValue: '<condition>',
    }),
    ...BUDGET_FLAGS,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Watch);
    this.begin(flags);
    const interval = parseDuration(flags.interval);
    const duration = flags.for === undefined ? undefined : parseDuration(flags.for);
    const until = flags.until === undefined ? undefined : parseCondition(flags.until);
    const session = this.attach(args.pid, flags);
    const interrupted = interruption();
    try {
      const reporter = this.reporter(flags.json, session, interval, interrupted);
      const options = {
        interval,
        count: flags.count,
        duration,
        until,
        signal: interrupted.signal,
        stoppedBy: interrupted.received,
      };
      const reason = await watch(session, options, reporter);
      const signal = interrupted.received();
      if (signal) process.exitCode = exitOfSignal(signal);
      else if (until && reason !== 'until') process.exitCode = EXIT.no;
    } finally {
      interrupted.dispose();
      session.close();
    }
  }

  private attach(target: string, flags: {'proc-root': string; 'max-stall': string; 'max-duty': string}): Session {
    const root = flags['proc-root'];
    const session = new Session(resolveProcess(target, root), {root, ...budgetOf(flags)});
    this.remark(session.snapshot);
    return session;
  }

  private reporter(isJson: boolean, session: Session, interval: number, interrupted: Interruption): Reporter {
    if (isJson) return jsonReporter;
    const canDraw = process.stdout.isTTY && process.env['TERM'] !== 'dumb';
    return canDraw ? screenReporter(session, interval, interrupted) : lineReporter(interval);
  }
}
