import type {OomReport} from '../../../parse/oom/report.ts';
import {memoryParts} from './memory.ts';
import {oomSentences} from './words.ts';

/** The document `memmap.oom/1`. @param name of the file, or `-` */
export const oomJSON = (reports: readonly OomReport[], name: string): object => ({
  schema: 'memmap.oom/1',
  source: {name},
  reports: reports.map((report) => ({
    at: report.at === '' ? null : report.at,
    line: report.line,
    sentence: oomSentences(report).join(' '),
    invoker: report.invoker ?? null,
    scope: report.scope,
    cgroup: report.cgroup ?? null,
    taskCgroup: report.taskCgroup ?? null,
    charges: report.charges,
    victims: report.victims,
    tasks: report.tasks,
    parts: memoryParts(report),
    memory: report.memory,
    failure: report.failure,
    pageSize: report.pageSize,
    pageAssumed: report.isPageAssumed,
    cut: report.isCut,
  })),
});
