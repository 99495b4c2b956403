import {type Command, gateFile, Target} from './gate.ts';
import {Trouble} from '../../model/trouble.ts';
import {EXIT, exitOfSignal} from '../../shell/exit.ts';
import {refusalTrouble} from './command.ts';
import {follow, type FollowOptions, withoutGate} from './follow.ts';
import {foreign} from '../../procfs/mount.ts';
import type {ReportOutput} from '../../shell/file.ts';
import {type ProcessEnd, tee, tellAll} from '../watch/events.ts';
import {jsonSink} from '../watch/sinks.ts';
import {compared} from '../watch/watch.ts';
import {CauseTrace, type CauseOptions} from '../cause/cause.ts';
import {programFile} from '../../trace/helper.ts';
import {withCauses} from '../cause/follow.ts';
import {RunRecorder, type RunRecording} from './record.ts';
import {TextReport} from './report.ts';

interface RunOptions extends FollowOptions {
  readonly isJson: boolean;
  /** Who made the changes is to be said. */
  readonly cause?: CauseOptions | undefined;
  readonly record?: RunRecording | undefined;
}

/**
 * Runs a command to its end, and writes the report.
 *
 * @throws Trouble if it could not be started: then there is no report, only the events until then
 */
export async function runTarget(command: Command, options: RunOptions, output: ReportOutput): Promise<ProcessEnd> {
  if (options.withoutAslr && gateFile() === undefined) throw gateIsMissing();
  if (options.cause && gateFile() === undefined) throw cannotWait();
  const recorder = options.record && new RunRecorder(options.record);
  const target = await Target.start(command, {root: options.root});
  if (!(target instanceof Target)) {
    output.discard();
    await recorder?.discard();
    throw refusalTrouble(target, command);
  }
  const cause = options.cause && (await traced(target, options.cause, output, recorder));
  const restoreSignals = leaveSignalsTo(target);
  const text = options.isJson ? undefined : new TextReport(command.argv);
  // One write(2) per event, since the target writes to standard error as well.
  const report = text ? withoutGate(text) : jsonSink((line) => output.write([...line].join('')));
  const sink = recorder ? tee(report, withoutGate(recorder)) : report;
  const watched = recorder ? {...options, onListing: recorder.listing.onListing} : options;
  const events = compared(follow(target, watched));
  await tellAll(cause ? withCauses(events, cause) : events, sink)
    .catch(async (error: unknown) => {
      // An incomplete report is discarded; each event is complete on its own.
      if (text) output.discard();
      else await output.finish();
      throw error;
    })
    .finally(() => {
      restoreSignals();
      target.letGo();
    });
  if (target.refusal) {
    if (text) output.discard();
    else await output.finish();
    await recorder?.discard();
    throw refusalTrouble(target.refusal, command);
  }
  if (text) output.write(text.render(output.width));
  await output.finish();
  await recorder?.finish();
  return target.ended;
}

/** Watches the calls of a command that waits. @throws Trouble where it can't be: then the command never ran */
async function traced(
  target: Target,
  options: CauseOptions,
  output: ReportOutput,
  recorder: RunRecorder | undefined,
): Promise<CauseTrace> {
  try {
    if (!target.isGated) throw cannotWait();
    if (target.isUnseen) throw foreign('Cannot watch the memory calls of the command.');
    if (options.engine === 'ptrace') await target.allowTracing();
    return await CauseTrace.start(target.pid, options);
  } catch (error) {
    target.letGo();
    output.discard();
    await recorder?.discard();
    throw options.engine === 'ptrace' ? error : orTraced(error);
  }
}

/** Where perf events are refused, ptrace(2) may be allowed. */
const orTraced = (error: unknown): unknown =>
  error instanceof Trouble && error.kind === 'denied' && programFile('tracer') !== undefined
    ? new Trouble({
        kind: error.kind,
        what: error.message,
        why: error.why,
        list: error.list,
        next: `${error.next.replace(/\.$/, '')}; or, with which it runs slower: --cause-engine ptrace`,
      })
    : error;

const cannotWait = (): Trouble =>
  new Trouble({
    kind: 'input',
    what: 'Cannot watch the memory calls of the command from its first instruction.',
    why: `the gate in which it waits was not built for the processor ${process.arch}, or can't be executed here.`,
    next: 'Start it without memmap, and then: memmap watch PID --cause',
  });

const gateIsMissing = (): Trouble =>
  new Trouble({
    kind: 'input',
    what: 'Cannot turn off address space layout randomization (ASLR).',
    why: `the gate that does this was not built for the processor ${process.arch}.`,
    next: 'Leave out --no-aslr, or use: setarch -R memmap run -- COMMAND',
  });

/** The environment that memmap was started with, without what bin/run.js adds for itself. */
export function targetEnvironment(): NodeJS.ProcessEnv {
  const {OCLIF_DISABLE_ENGINE_WARNING: _ours, ...environment} = process.env;
  return environment;
}

/** The code that memmap exits with: the target's, or 128+n after signal n, as in shells; 5 if that is not known. */
export const codeOf = ({code, signal}: ProcessEnd): number =>
  signal === undefined ? (code ?? EXIT.incomplete) : exitOfSignal(signal);

/** A terminal sends these to the whole foreground group: the target gets them too, and we must outlive it. */
const SHARED = ['SIGINT', 'SIGQUIT'] as const;

/** These are sent to one process: whoever sends them to us means the target. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** From now on signals are the target's, and memmap ends when the target does. @returns a function that undoes this */
export function leaveSignalsTo(target: Target): () => void {
  const ignore = (): void => {};
  const forward = (signal: NodeJS.Signals): void => target.signal(signal);
  for (const signal of SHARED) process.on(signal, ignore);
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of SHARED) process.off(signal, ignore);
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}
