import test, {type ExecutionContext} from 'ava';
import type {Region} from '../../src/model/region.ts';
import {parseListing} from '../../src/parse/reader.ts';
import {parse} from '../../src/parse/parse.ts';
import {bytesOf, type Expected} from './tools.ts';

/** What a reader must make of an input. What isn't given: maps, nothing rejected, neither torn nor incomplete. */
export interface Outcome {
  readonly regions: readonly Expected[];
  readonly format?: string;
  /** Numbers of the lines that no reader accepts. */
  readonly rejected?: readonly number[];
  readonly torn?: boolean;
  readonly incomplete?: boolean;
}

/** One case of the catalogue for listings. */
export interface Row extends Outcome {
  readonly id: string;
  readonly title: string;
  /** One character a byte. */
  readonly input: string;
  /** What a note to the user says. */
  readonly note?: RegExp;
  /** Read from a live process's /proc: `same` if not given; `refused`: every line is reported, none is guessed at. */
  readonly live?: 'same' | 'refused' | 'never' | Outcome;
}

export function testRow(row: Row): void {
  test(`${row.id}: ${row.title}`, (t) => {
    const snapshot = parse(bytesOf(row.input));
    const {source, regions, rejected, consistency} = snapshot;
    compare(t, row, {
      regions,
      format: source.format,
      rejected: rejected.map((entry) => entry.line),
      torn: consistency.torn,
      incomplete: consistency.incomplete,
    });
    if (row.note) t.regex(snapshot.notes.join('\n'), row.note);
    checkLive(t, row);
  });
}

function checkLive(t: ExecutionContext, row: Row): void {
  const {live = 'same'} = row;
  if (live === 'never') return;
  const listing = parseListing(bytesOf(row.input), 'proc');
  const rejected = listing.rejected.map((entry) => entry.line);
  if (live === 'refused') {
    t.deepEqual(listing.regions, []);
    t.is(rejected.length, row.input.replace(/\n$/, '').split('\n').length);
    return;
  }
  const {regions, format, torn, cutShort} = listing;
  const seen = {regions, format, rejected, torn: torn > 0, incomplete: cutShort !== undefined};
  compare(t, live === 'same' ? row : live, seen);
}

interface Seen extends Outcome {
  readonly regions: readonly Region[];
}

function compare(t: ExecutionContext, wanted: Outcome, seen: Seen): void {
  const {regions, format = 'maps', rejected = [], torn = false, incomplete = false} = wanted;
  const comparable = seen.regions.map((region, index) => {
    const {kind, label: _label, evidence: _evidence, confidence: _confidence, ...rest} = region;
    return regions[index]?.kind === undefined ? rest : {...rest, kind};
  });
  t.deepEqual({...seen, regions: comparable}, {regions: [...regions], format, rejected, torn, incomplete});
}
