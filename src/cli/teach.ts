import {diff} from '../diff/diff.ts';
import type {Lesson, Observed, Step} from '../lessons/lesson.ts';
import {Helper} from '../lessons/helper.ts';
import {asPredicted} from '../lessons/judge.ts';
import {changeJSON} from '../model/change.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {capture} from '../procfs/capture.ts';

/** A step that was run: what was predicted, what was seen, and whether they agree. */
export interface Taught {
  readonly step: Step;
  readonly observed: Observed;
  readonly ok: boolean;
}

/** What a lesson tells on its way. */
export interface Teacher {
  start(pid: number, snapshot: Snapshot): Promise<void>;
  before(step: Step): Promise<void>;
  after(taught: Taught): Promise<void>;
}

/** Says nothing: the result has all. */
export const silently: Teacher = {start: async () => {}, before: async () => {}, after: async () => {}};

export interface LessonResult {
  readonly lesson: Lesson;
  readonly pid: number;
  readonly start: Snapshot;
  readonly steps: readonly Taught[];
  readonly ok: boolean;
}

/** Runs a lesson's helper step by step, and looks at its memory before and after each. */
export async function teach(lesson: Lesson, teacher: Teacher, options: {root?: string} = {}): Promise<LessonResult> {
  const helper = await Helper.start(lesson.name);
  try {
    const look = (): Snapshot => capture(helper.pid, {...options, usage: true});
    const start = look();
    await teacher.start(helper.pid, start);
    const steps: Taught[] = [];
    let before = start;
    for (const step of lesson.steps) {
      await teacher.before(step);
      const result = (await helper.step()).split(' ').at(-1)!;
      const after = look();
      const {changes} = diff(before, after, {match: 'address'});
      const taught = {step, observed: {result, before, after, changes}, ok: asPredicted(step.expected, changes)};
      await teacher.after(taught);
      steps.push(taught);
      before = after;
    }
    return {lesson, pid: helper.pid, start, steps, ok: steps.every((step) => step.ok)};
  } finally {
    await helper.stop();
  }
}

/** The document `memmap.lesson/1`. */
export const lessonJSON = ({lesson, pid, start, steps, ok}: LessonResult): Record<string, unknown> => ({
  schema: 'memmap.lesson/1',
  lesson: lesson.name,
  title: lesson.title,
  arch: process.arch,
  pid,
  start: start.toJSON(),
  steps: steps.map(({step, observed, ok: isAsPredicted}) => ({
    title: step.title,
    call: step.call,
    result: observed.result,
    expected: step.expected,
    changes: observed.changes.map(changeJSON),
    ok: isAsPredicted,
  })),
  ok,
});
