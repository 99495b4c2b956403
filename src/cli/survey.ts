import type {SurveyRow} from '../render/lesson.ts';
import type {LessonResult} from './teach.ts';

/** The steps of a lesson that was run, for the table of all lessons. */
export const surveyRows = ({lesson, steps}: LessonResult): SurveyRow[] =>
  steps.map(({step, observed, ok, unsupported}) => ({
    lesson: lesson.name,
    step: step.title,
    expected: step.expected,
    observed: observed.changes,
    ok,
    unsupported,
  }));

export const surveyJSON = ({lesson, steps, ok, unsupported}: LessonResult): Record<string, unknown> => ({
  lesson: lesson.name,
  title: lesson.title,
  teaches: lesson.teaches,
  ok,
  unsupported,
  steps: steps.map(({step, ok: isAsPredicted}) => ({title: step.title, ok: isAsPredicted})),
});
