import {counted, sizeText} from '../../../model/amounts.ts';
import type {OomReport, OomTask} from '../../../parse/oom/report.ts';
import {heading, paragraph} from '../../../text/lines.ts';
import {safe} from '../../../text/safe.ts';
import {renderRows, type Cell, type Column} from '../../../text/table.ts';
import {paint} from '../../../text/theme.ts';
import {memoryParts} from './memory.ts';
import {oomSentences} from './words.ts';

interface Look {
  readonly width: number | undefined;
  /** Tasks of a report at most; undefined: all. */
  readonly rows: number | undefined;
}

/** Each report of a log: a paragraph, the tasks with the most memory, and where the memory was. */
export const renderOom = (reports: readonly OomReport[], look: Look): string =>
  reports.map((report, index) => renderReport(report, index, reports.length, look)).join('\n');

function renderReport(report: OomReport, index: number, count: number, look: Look): string {
  const {width} = look;
  const when = report.at === '' ? '' : `, ${timeText(report.at)}`;
  const title = `${count > 1 ? `${index + 1} of ${count}: out` : 'Out'} of memory${when} (line ${report.line})`;
  const parts = memoryParts(report);
  return [
    heading(title, width),
    ...paragraph(oomSentences(report).join(' '), width),
    ...taskTable(report, look),
    ...(parts.length === 0
      ? []
      : [
          ...renderRows(
            [{title: report.scope === 'cgroup' ? 'memory of the cgroup' : 'memory'}, {title: 'size', align: 'right'}],
            parts.map(({what, bytes}) => [{text: what}, {text: sizeText(bytes)}]),
            width,
          ),
          '',
        ]),
  ].join('\n');
}

const timeText = (at: string): string => (/^\d+\.\d+$/.test(at) ? `${at} s after boot` : at);

const COLUMNS: ReadonlyArray<{
  readonly title: string;
  readonly of: (task: OomTask) => number | undefined;
  readonly isCount?: boolean;
}> = [
  {title: 'resident', of: ({rss}) => rss},
  {title: 'anon', of: ({anon}) => anon},
  {title: 'swap', of: ({swap}) => swap},
  {title: 'page tables', of: ({pageTables}) => pageTables},
  {title: 'adj', of: ({scoreAdj}) => scoreAdj, isCount: true},
];

/** Columns that no task has anything in are left out. */
function taskTable({tasks, victims}: OomReport, {width, rows}: Look): string[] {
  if (tasks.length === 0) return [];
  const sorted = [...tasks].sort((a, b) => b.rss + (b.swap ?? 0) - (a.rss + (a.swap ?? 0)));
  const killed = new Set(victims.map(({pid}) => pid));
  const shown = sorted.filter((task, index) => index < (rows ?? Infinity) || killed.has(task.pid));
  const columns = COLUMNS.filter(({of}) => tasks.some((task) => of(task)));
  const head: Column[] = [
    {title: 'pid', align: 'right'},
    ...columns.map(({title}): Column => ({title, align: 'right'})),
    {title: 'name', gives: 'cut'},
  ];
  const table = renderRows(
    head,
    shown.map((task) => [
      {text: String(task.pid)},
      ...columns.map(({of, isCount}): Cell => {
        const value = of(task);
        return {text: value === undefined ? '' : isCount ? String(value) : sizeText(value)};
      }),
      killed.has(task.pid) ? {text: `${safe(task.name)} (killed)`, role: 'bad'} : {text: safe(task.name)},
    ]),
    width,
  );
  const more = tasks.length - shown.length;
  return [...table, ...(more > 0 ? [paint('quiet', `… ${counted(more, 'smaller task')} (--all)`)] : []), ''];
}
