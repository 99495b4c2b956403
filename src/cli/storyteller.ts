import type {Lesson} from '../lessons/lesson.ts';
import {heading, prose, renderAnatomy, renderObserved, renderPrediction} from '../render/lesson.ts';
import {paint} from '../render/theme.ts';
import {writeOut} from './output.ts';
import type {LessonResult, Teacher} from './teach.ts';

/** Tells a lesson to a person, as it happens: the memory, what is about to be done, what changed, and why. */
export function storyteller(lesson: Lesson, width: number | undefined): Teacher {
  let number = 0;
  return {
    start: (pid, snapshot) =>
      writeOut(
        [heading(lesson.title), prose(lesson.about, width), `pid: ${pid}\n`, renderAnatomy(snapshot, width)].join('\n'),
      ),
    before: (step) =>
      writeOut(
        [
          '',
          heading(`Step ${++number}. ${step.title}:  ${step.call}`),
          prose(step.about, width),
          renderPrediction(step.expected),
        ].join('\n'),
      ),
    after: ({step, observed, ok}) =>
      writeOut(
        [
          `Answer:      ${observed.result}\n`,
          renderObserved(observed.changes, ok, width),
          prose(step.why(observed), width),
        ].join('\n'),
      ),
  };
}

export function epilogue({lesson, ok, steps}: LessonResult): string {
  const wrong = steps.filter((step) => !step.ok).length;
  const verdict = ok
    ? paint('good', `The kernel agreed with all ${steps.length} predictions.`)
    : paint('bad', `${wrong} of ${steps.length} predictions did not come true on this kernel.`);
  return `\n${verdict}\n\nRead on:\n${lesson.further.map((line) => `  ${line}\n`).join('')}`;
}
