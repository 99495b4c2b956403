import {array, isOwnName, type Json, string, unusable} from '../../model/json.ts';
import {Changes} from './changes.ts';
import {familyAfter} from './family.ts';
import {patched} from './patch.ts';
import {type Frame, NOTHING, trustOf} from './frame.ts';
import {verdictFromJSON, type Words, wordsFromJSON} from './row.ts';

/**
 * The frame that a record makes of the one before it.
 *
 * @param record a `key` or `exec`, which stand on their own, or a `delta`
 * @throws Trouble `input` if it is malformed, or doesn't fit the frame
 */
export function applyRecord(frame: Frame, record: Json, pageSize: number): Frame {
  const before = record['event'] === 'delta' ? frame : NOTHING;
  const listing = listingOf(record['listing']) ?? before.listing;
  const kinds = appended(before.kinds, record['kinds'], verdictFromJSON, 'kinds');
  const wordLists = appended(before.wordLists, record['wordLists'], checkedWords, 'wordLists');
  const counters = record['counters'] === undefined ? before.counters : names(record['counters']);
  const changes = new Changes(before.rows);
  if (counters !== before.counters) changes.recount(counters, pageSize);
  if (record['gone'] !== undefined || record['regions'] !== undefined)
    changes.regions(record, kinds, counters, pageSize);
  if (record['usage'] !== undefined || record['words'] !== undefined) changes.counters(record, wordLists);
  const {status, process, clues} = record;
  return {
    listing,
    rows: changes.rows,
    kinds,
    wordLists,
    counters,
    status: status === undefined ? before.status : patched(before.status, status, 'status'),
    process: process === undefined ? before.process : patched(before.process, process, 'process'),
    clues: clues === undefined ? before.clues : patched(before.clues, clues, 'clues'),
    family: familyAfter(before.family, record['family'], record['t']),
    ...trustOf(before, record),
    difference: before === NOTHING || counters !== before.counters ? undefined : changes.difference(),
  };
}

function listingOf(value: unknown): Frame['listing'] | undefined {
  if (value === undefined || value === 'maps' || value === 'smaps') return value;
  throw unusable('listing is neither maps nor smaps');
}

function appended<Entry>(
  before: readonly Entry[],
  value: unknown,
  read: (entry: unknown, path: string) => Entry,
  path: string,
): readonly Entry[] {
  if (value === undefined) return before;
  return [...before, ...array(value, path).map((entry, index) => read(entry, `${path}[${index}]`))];
}

function checkedWords(value: unknown, path: string): Words {
  wordsFromJSON(value, path);
  return value as Words;
}

const names = (value: unknown): readonly string[] =>
  array(value, 'counters').map((name) => {
    if (!isOwnName(string(name, 'counters'))) throw unusable('counters has a name that is not allowed');
    return name as string;
  });
