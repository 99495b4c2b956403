import type {CheckReport} from '../check/result.ts';
import {resultSentence, summary} from './check-words.ts';

/**
 * Annotations of a run, as GitHub's runner reads them from the output of a step: a line for each rule that is broken or
 * could not be measured, and one that says how all came out.
 */
export function renderCheckGithub(report: CheckReport): string {
  const bad = report.results.filter(({verdict}) => verdict !== 'ok');
  const lines = bad.map((result) => annotation('error', `memmap check: ${result.rule.text}`, resultSentence(result)));
  const all = report.results.map(resultSentence).join('\n');
  return `${[...lines, annotation('notice', `memmap check: ${summary(report)}`, all)].join('\n')}\n`;
}

const annotation = (level: 'error' | 'notice', title: string, message: string): string =>
  `::${level} title=${property(title)}::${data(message)}`;

/** A line break would end the message, and a percent sign begins an escape. */
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** In a property, colon and comma have a meaning too. */
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
