import type {Diff} from '../diff/diff.ts';
import {CHANGE_KINDS, type Change} from '../model/change.ts';
import {deltaText, sizeText} from '../model/size.ts';
import {CHANGE_COLUMNS, changeCells} from './change.ts';
import {renderTable} from './table.ts';
import {who, type Look} from './snapshot.ts';
import {paint} from './theme.ts';

/** What happened between two snapshots, for people: new and grown first, then what went, then the rest. */
export function renderDiff(diff: Diff, look: Look = {}): string {
  const {before, after, changes, unchanged, match, why} = diff;
  if (changes.length === 0) return `No change: ${unchanged} regions are the same on both sides.\n`;
  return [
    `before  ${paint('title', who(before))}`,
    `after   ${paint('title', who(after))}`,
    `match   ${match}: ${why}`,
    '',
    ...renderChanges(changes, look),
    '',
    `${unchanged} ${unchanged === 1 ? 'region' : 'regions'} unchanged.`,
    ...totalLines(diff),
    '',
  ].join('\n');
}

/** The table of changes, the most important first. Columns that would be empty are left out. */
export function renderChanges(changes: readonly Change[], look: Look = {}): string[] {
  const byImportance = [...changes].sort((a, b) => CHANGE_KINDS.indexOf(a.kind) - CHANGE_KINDS.indexOf(b.kind));
  const rows = byImportance.map(changeCells);
  const isUsed = CHANGE_COLUMNS.map(
    (column, index) => column.gives === true || rows.some((row) => row[index]!.text !== ''),
  );
  const keep = (_: unknown, index: number): boolean => isUsed[index]!;
  return renderTable(CHANGE_COLUMNS.filter(keep), rows.map((row) => row.filter(keep)), look.width); // prettier-ignore
}

function totalLines({before, after, delta}: Diff): string[] {
  const regions = `${'regions'.padEnd(14)} ${before.totals.regions} → ${after.totals.regions} (${signed(delta.regions)})`;
  const counters = [
    ['resident', 'rss'],
    ['private dirty', 'privateDirty'],
    ['swapped', 'swap'],
  ] as const;
  return [
    regions,
    totalLine('address space', before.totals.size, after.totals.size),
    ...counters
      .filter(([, counter]) => delta[counter] !== undefined && (counter !== 'swap' || delta[counter] !== 0))
      .map(([what, counter]) => totalLine(what, before.totals[counter]!, after.totals[counter]!)),
  ];
}

const signed = (count: number): string => (count > 0 ? `+${count}` : count < 0 ? `−${-count}` : '0');

const totalLine = (what: string, a: number, b: number): string =>
  `${what.padEnd(14)} ${sizeText(a)} → ${sizeText(b)} (${deltaText(b - a)})`;
