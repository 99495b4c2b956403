import {type FamilySample, isKinMeasure, KIN_MEASURES, type KinMeasure} from '../../model/kin/kin.ts';
import type {KinPeaks} from '../../model/kin/peaks.ts';
import {MEASURES} from '../../model/measures.ts';
import {familyGaps, familySize, howAdded, kinName, renderLives} from '../../text/process/kin.ts';
import type {CheckReport, Result} from './result.ts';
import type {Rule} from './rules.ts';

/** The measure of a rule that is the whole family's, where there is one. */
const measureOf = ({rule, family}: Result): KinMeasure | undefined =>
  family && rule.is === 'max' && isKinMeasure(rule.subject.measure) ? rule.subject.measure : undefined;

/** In a result's sentence: `, of the family (3 processes, sampled, RSS added up)`. */
export function ofFamily(result: Result): string {
  const measure = measureOf(result);
  if (!measure || !result.family) return '';
  const {processes, age} = result.family;
  return `, of the family (${processes} ${processes === 1 ? 'process' : 'processes'}, ${howAdded(measure, age)})`;
}

/** What is the family's and what is not, the sentences before and after the table of its members. */
export function familyParts({family, results}: CheckReport): {readonly before: string; readonly after: string[]} {
  if (!family?.isFamily) return {before: '', after: family ? familyGaps(family) : []};
  const measures = [...new Set(results.map(measureOf).filter((measure) => measure !== undefined))];
  const names = measures.map((measure) => MEASURES[measure].noun).join(', ');
  const added = measures.some((measure) => measure !== 'pss' && measure !== 'threads' && measure !== 'regions')
    ? ' A page that several of them share counts for each, except in PSS.'
    : '';
  const what =
    measures.length === 0 ? '' : ` ${names.charAt(0).toUpperCase()}${names.slice(1)}: added up, sampled.${added}`;
  const before = `The family: ${familySize(family)}.${what}`;
  return {before, after: [...familyGaps(family), ...aloneSentence(family.last!, results)]};
}

/** Rules about kinds and single regions look at one process. */
function aloneSentence({members}: FamilySample, results: readonly Result[]): string[] {
  const alone = results.map(({rule}) => rule).filter((rule) => !isOfFamily(rule));
  if (alone.length === 0) return [];
  const first = members.find(({tie}) => tie === 'first');
  const who = first ? kinName(first) : 'the first process';
  const names = alone.map(({text}) => `"${text}"`).join(', ');
  return [`${names}: of ${who} alone, not of the processes that it started.`];
}

const isOfFamily = (rule: Rule): boolean =>
  rule.is === 'max'
    ? rule.subject.of === 'total' && isKinMeasure(rule.subject.measure)
    : rule.is === 'no-growth' && rule.of === 'total';

/** The table of the largest members; none where there is only one. */
export const familyTable = (family: KinPeaks | undefined, width: number | undefined): string[] =>
  family?.isFamily ? renderLives(family, width) : [];

/** The family in a document: how many there were, and what each used at most, in bytes or as a count. */
export function familyJSON(family: KinPeaks): Record<string, unknown> {
  const {most, last} = family;
  return {
    processes: most,
    seen: last?.seen,
    missed: last?.missed,
    orphans: last?.orphans,
    peaks: Object.fromEntries(KIN_MEASURES.map((measure) => [measure, family.peak(measure)?.value])),
    members: family.lives('rss').map(({kin: {pid, ppid, comm, tie, depth, missing}, peaks, hasEnded}) => ({
      pid,
      ppid,
      comm,
      tie,
      depth,
      missing,
      peaks,
      ended: hasEnded,
    })),
    gaps: familyGaps(family),
  };
}
