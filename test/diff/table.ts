import test from 'ava';
import {diff} from '../../src/diff/diff.ts';
import {listing, shortForm} from './tools.ts';

/**
 * What a system call does to a listing, and what the change is called. Regions are in pages (tools.ts); a change is its kind,
 * its range, how many regions it concerns on each side, and by how many pages the address space grew.
 */
export interface Case {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly changes: readonly string[];
  readonly says?: readonly string[];
}

/** A test for each row. */
export function tryEach(cases: Readonly<Record<string, Case>>): void {
  for (const [title, {before, after, changes, says}] of Object.entries(cases)) {
    test(title, (t) => {
      const result = diff(listing(...before), listing(...after), {match: 'address'});
      t.deepEqual(result.changes.map(shortForm), changes);
      if (says)
        t.deepEqual(
          result.changes.map(({text}) => text),
          says,
        );
    });
  }
}
