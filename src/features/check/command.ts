import {Target, type Command} from '../run/gate.ts';
import {refusalTrouble} from '../run/command.ts';
import {follow, type FollowOptions, withoutGate} from '../run/follow.ts';
import {leaveSignalsTo} from '../run/run.ts';
import {familyWords} from '../run/text.ts';
import {type ProcessEnd, tellAll} from '../watch/events.ts';
import type {Checker} from './checker.ts';
import type {CheckReport} from './result.ts';
import {CheckSink} from './sink.ts';

interface CheckedCommand {
  readonly report: CheckReport;
  readonly end: ProcessEnd;
}

/**
 * Runs a command to its end, as `memmap run` does, and checks each look at it against the rules.
 *
 * @throws Trouble if it could not be started
 */
export async function checkCommand(
  command: Command,
  checker: Checker,
  options: Omit<FollowOptions, 'withoutAslr'>,
): Promise<CheckedCommand> {
  const target = await Target.start(command, {root: options.root});
  if (!(target instanceof Target)) throw refusalTrouble(target, command);
  const restoreSignals = leaveSignalsTo(target);
  const sink = new CheckSink(checker);
  await tellAll(follow(target, {...options, withoutAslr: false}), withoutGate(sink)).finally(() => {
    restoreSignals();
    target.letGo();
  });
  if (target.refusal) throw refusalTrouble(target.refusal, command);
  const end = await target.ended;
  const {ms, beforeEnd} = sink;
  return {
    end,
    report: {
      command: command.argv,
      end,
      looks: checker.looks,
      ms,
      interval: options.interval,
      beforeEnd,
      results: checker.results(true),
      notes: [...notesOf(sink), ...familyWords(end)],
      family: checker.family,
    },
  };
}

const notesOf = ({notes, programs}: CheckSink): readonly string[] =>
  programs > 1
    ? [...notes, `It ran ${programs} programs, one after another: peaks are those of all, growth is that of the last.`]
    : notes;
