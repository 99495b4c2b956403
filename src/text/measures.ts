import {findMeasure, MEASURES, type MeasureKey, plainSpelling} from '../model/measures.ts';
import {Trouble} from '../model/trouble.ts';
import {nearest} from './nearest.ts';

/**
 * The measure that a text names, in whatever spelling.
 *
 * @param among the keys of those that are meant
 * @throws Trouble `usage`, which lists what there is, and what is spelled nearly alike
 */
export function parseMeasure<Key extends MeasureKey>(text: string, among: readonly Key[]): Key {
  const key = measureAmong(text, among);
  if (key !== undefined) return key;
  throw unknownName(text, 'measure', nearestName(text, among), among);
}

/** The key of the measure that a text names, if it is one of these. */
export function measureAmong<Key extends MeasureKey>(text: string, among: readonly Key[]): Key | undefined {
  const key = findMeasure(text)?.key;
  return among.find((each) => each === key);
}

/** @param what it should have been: `measure`, `column` */
export const unknownName = (text: string, what: string, near: string | undefined, names: readonly string[]): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${text}" is not a ${what}.`,
    why: `it can be ${names.join(', ')}.`,
    next: near === undefined ? `For example: ${names[0]}` : `Did you mean: ${near}`,
  });

/**
 * What somebody may have meant: a measure, by the key of its nearest spelling, or another name.
 *
 * @returns undefined if nothing is near
 */
export function nearestName(
  text: string,
  among: readonly MeasureKey[],
  others: readonly string[] = [],
): string | undefined {
  const names = new Map(others.map((name) => [plainSpelling(name), name]));
  for (const key of among) for (const each of MEASURES[key].spellings) names.set(plainSpelling(each), key);
  const found = nearest(plainSpelling(text), [...names.keys()]);
  return found === undefined ? undefined : names.get(found);
}
