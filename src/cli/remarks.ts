import type {Snapshot} from '../model/snapshot.ts';
import {safe} from '../render/safe.ts';
import {say} from './output.ts';

/** A snapshot, or another thing that was read and has faults. */
export type Remarkable = Pick<Snapshot, 'rejected' | 'notes'> & {
  readonly source: {readonly name?: string | undefined};
};

/** So many lines that could not be used are told. */
const MOST_LINES = 5;

/** Tells on standard error what was not understood or can't be trusted, and what a reader should know. */
export function remarkOn({source, rejected, notes}: Remarkable): void {
  const name = source.name === undefined ? '' : `${safe(source.name)}: `;
  for (const {line, text, why} of rejected.slice(0, MOST_LINES)) {
    say(`memmap: ${name}line ${line} was not used (${safe(why)})${text === '' ? '.' : `: ${safe(text)}`}`);
  }
  const more = rejected.length - MOST_LINES;
  if (more > 0) say(`memmap: ${name}and ${more} more lines were not used.`);
  for (const note of notes) say(`memmap: ${name}${safe(note)}`);
}
