import {deltaText} from '../../model/amounts.ts';
import type {Change} from '../../model/change.ts';
import {signOf} from '../../text/changes.ts';
import {wrapped} from '../../text/lines.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';
import type {Expected, Step} from './lesson.ts';
import type {LessonResult} from './teach.ts';
import {rangeOfSizes} from './text.ts';

/** The steps of a lesson that was run, for the table of all lessons. */
export function surveyRows({lesson, steps, unsupported: lack}: LessonResult): SurveyRow[] {
  const [first] = lesson.steps;
  if (steps.length === 0 && first) {
    const none = {observed: [], moved: undefined, ok: false, unsupported: lack};
    return [{lesson: lesson.name, step: first.title, expected: first.expected, drift: first.drift, ...none}];
  }
  return steps.map(({step, observed, ok, unsupported}) => ({
    lesson: lesson.name,
    step: step.title,
    expected: step.expected,
    drift: step.drift,
    observed: observed.changes,
    moved: observed.drift['privateDirty'],
    ok,
    unsupported,
  }));
}

export const surveyJSON = ({lesson, steps, ok, unsupported}: LessonResult): Record<string, unknown> => ({
  lesson: lesson.name,
  title: lesson.title,
  teaches: lesson.teaches,
  ok,
  unsupported,
  steps: steps.map(({step, ok: isAsPredicted}) => ({title: step.title, ok: isAsPredicted})),
});

interface SurveyRow {
  readonly lesson: string;
  readonly step: string;
  readonly expected: readonly Expected[];
  readonly drift: Step['drift'];
  readonly observed: readonly Change[];
  /** What private dirty moved without a change of a region, in bytes. */
  readonly moved: number | undefined;
  readonly ok: boolean;
  readonly unsupported?: string | undefined;
}

/** All lessons in one table: what was predicted, what was observed, and whether they agree. */
export function renderSurvey(rows: readonly SurveyRow[], width?: number): string {
  const columns: readonly Column[] = [
    {title: 'lesson'},
    {title: 'step'},
    {title: ''},
    {title: 'predicted, and what was observed', gives: 'wrap'},
  ];
  const lines = rows.map(({lesson, step, expected, drift, observed, moved, ok, unsupported}, index): Cell[] => [
    {text: rows[index - 1]?.lesson === lesson ? '' : lesson, role: 'title'},
    {text: step},
    {
      text: unsupported ? 'not supported' : ok ? 'as predicted' : 'NOT as predicted',
      role: unsupported ? 'change' : ok ? 'good' : 'bad',
    },
    {
      text:
        `${listed([...expected.map(predictionText), driftText(drift?.privateDirty)])}; ` +
        (unsupported ?? `observed: ${listed([...observed.map(changeText), drift ? driftText(moved) : ''])}`),
      role: 'quiet',
    },
  ]);
  const wrong = rows.filter(({ok, unsupported}) => !ok && unsupported === undefined).length;
  const missing = rows.filter(({unsupported}) => unsupported !== undefined).length;
  const sum =
    `${rows.length - wrong - missing} of ${rows.length} steps as predicted, ${wrong} not, ` +
    `${missing} not supported here.`;
  return `${renderTable(columns, lines, width).join('\n')}\n\n${wrapped(sum, width).join('\n')}\n`;
}

const listed = (texts: readonly string[]): string => texts.filter((text) => text !== '').join('; ') || 'nothing';

const driftText = (bytes: number | undefined): string => (bytes ? `private dirty ${deltaText(bytes)}` : '');

function predictionText({kind, name, size, rss, sizeWithin, rssWithin}: Expected): string {
  const amounts = [
    size ? deltaText(size) : '',
    sizeWithin ? rangeOfSizes(sizeWithin, deltaText) : '',
    rss === undefined ? '' : `resident ${deltaText(rss)}`,
    rssWithin ? `resident ${rangeOfSizes(rssWithin, deltaText)}` : '',
  ];
  return [signOf(kind), kind, name, ...amounts].filter(Boolean).join(' ');
}

const changeText = ({kind, delta}: Change): string =>
  [
    signOf(kind),
    kind,
    delta.size ? deltaText(delta.size) : '',
    delta['rss'] ? `resident ${deltaText(delta['rss'])}` : '',
  ]
    .filter(Boolean)
    .join(' ');
