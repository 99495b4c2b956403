import type {Change} from '../model/change.ts';
import {signedHex} from '../model/change.ts';

/** What one row of the table says: a change, or several that are one piece of news. */
export interface News {
  readonly change: Change;
  /** How many changes it stands for. */
  readonly count: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Joins what moved as a whole: the regions of a library that lie elsewhere, all by the same distance, are one line for people.
 *
 * @param changes in address order
 */
export function news(changes: readonly Change[]): News[] {
  const rows: News[] = [];
  for (const change of changes) {
    const last = rows.at(-1);
    if (last && movedTogether(last, change)) rows[rows.length - 1] = joined(last, change);
    else rows.push({change, count: 1, end: change.range.end, text: change.text});
  }
  return rows;
}

/** The same distance, and the same file or what has no name of its own next to it. */
function movedTogether({change: first, end}: News, next: Change): boolean {
  if (first.kind !== 'moved' || next.kind !== 'moved' || first.slide !== next.slide) return false;
  const name = next.after.at(-1)!.name;
  return name === first.after[0]!.name || (name === '' && next.range.start === end);
}

function joined({change, count}: News, next: Change): News {
  const regions = count + 1;
  const name = change.after[0]!.name || 'anonymous memory';
  const text = `${name}: ${regions} regions, moved by ${signedHex(change.slide!)}.`;
  return {change, count: regions, end: next.range.end, text};
}
