import type {Lesson} from '../lessons/lesson.ts';
import {heading, prose, renderAnatomy, renderObserved, renderPrediction, renderVerdict} from '../render/lesson.ts';
import {writeOut} from './output.ts';
import type {Interruption} from './signals.ts';
import type {LessonResult, Teacher} from './teach.ts';

/**
 * Tells a lesson to a person, as it happens: the memory, what is about to be done, what changed, and why.
 *
 * @param pause called before each step
 */
export function storyteller(lesson: Lesson, width: number | undefined, pause?: () => Promise<void>): Teacher {
  const tell = (...paragraphs: readonly string[]): Promise<void> => writeOut(paragraphs.join('\n'));
  let number = 0;
  return {
    start: (pid, snapshot) =>
      tell(heading(lesson.title), prose(lesson.about, width), `pid: ${pid}\n`, renderAnatomy(snapshot, width)),
    async before(step) {
      const whose = step.watch === 'child' ? ' (the child is looked at)' : '';
      await tell(
        '',
        heading(`Step ${++number}. ${step.title}:  ${step.call}`),
        prose(step.about, width),
        renderPrediction(step.expected, whose),
      );
      await pause?.();
    },
    after: ({step, observed, ok, unsupported}) =>
      tell(
        `Answer:      ${observed.result}\n`,
        renderObserved(observed.changes, {ok, unsupported}, width),
        ...(unsupported === undefined ? [prose(step.why(observed), width)] : []),
      ),
  };
}

export const epilogue = ({lesson, steps, unsupported}: LessonResult): string =>
  `\n${renderVerdict(steps.map(({ok}) => ok), unsupported)}\n\nRead on:\n${lesson.further.map((line) => `  ${line}\n`).join('')}`; // prettier-ignore

/** Waits for Enter, where a person can press it. */
export async function waitForEnter(interrupted: Interruption): Promise<void> {
  if (!process.stdin.isTTY) return;
  await writeOut('[Enter]');
  await new Promise<void>((resolve) => {
    process.stdin.once('data', () => resolve());
    interrupted.signal.addEventListener('abort', () => resolve(), {once: true});
    process.stdin.resume();
  });
  process.stdin.pause();
}

/** Leaves the helper waiting, for someone to look at it from elsewhere: until Enter, or without a terminal until a signal. */
export async function keepWaiting(pid: number, interrupted: Interruption): Promise<void> {
  await writeOut(
    `\nThe helper waits, as process ${pid}. Look at it from another terminal:\n\n  memmap show ${pid}\n  memmap watch ${pid}\n\nEnter, or Ctrl-C, ends it.\n`,
  );
  if (process.stdin.isTTY) return waitForEnter(interrupted);
  if (interrupted.signal.aborted) return;
  const alive = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => interrupted.signal.addEventListener('abort', () => resolve(), {once: true}));
  clearInterval(alive);
}
