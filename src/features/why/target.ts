import {Trouble} from '../../model/trouble.ts';
import type {Target} from '../../input/input.ts';
import {groupRecordingOf, targetOf} from '../../input/open.ts';
import {isSeries} from '../../input/series.ts';
import type {Answer} from './answer.ts';
import {answerOfGroup, answerOfRecordedGroup} from './group.ts';
import {answerOf} from './judged.ts';
import {gatherProcess, type Gathered, type WhyOptions} from './facts/process.ts';
import {gatherFile, gatherSeries} from './facts/saved.ts';

/** The answer, and the signal that ended the watch early, if one did. */
export interface Answered {
  readonly answer: Answer;
  readonly remarks?: Gathered['remarks'];
  readonly signal?: NodeJS.Signals | undefined;
}

/** Looks at whatever the words stand for. @throws Trouble */
export async function why(words: readonly string[], options: WhyOptions): Promise<Answered> {
  if (isSeries(words, options.root)) return judged(await gatherSeries(words, options));
  const [text] = words as [string];
  const target = targetOf(text, options.root);
  const recorded = groupRecordingOf(target);
  if (recorded) return {answer: answerOfRecordedGroup(recorded, text)};
  if (target.is === 'group') return answerOfGroup(target.group, options);
  if (target.is === 'process') return judged(await gatherProcess(target.pid, options));
  if (options.children) throw withoutFamily(target, text);
  return judged(await gatherFile(target, text, options));
}

const judged = ({facts, remarks, signal}: Gathered): Answered => ({answer: answerOf(facts), remarks, signal});

const withoutFamily = (target: Target, text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `--children can't be used with ${target.is === 'stdin' ? 'standard input' : text}.`,
    why: 'only a process that lives has a family to look at.',
    next: `Leave it out: memmap why ${text}`,
  });
