import {fromLatin1, latin1} from '../../scan.ts';
import {blanks, colours} from './colours.ts';
import {html} from './html.ts';
import {criu, jsonLines, machineInterface} from './logs.ts';
import type {Layer, Paste} from './paste.ts';
import {prefixes} from './prefixes.ts';
import {sections} from './sections.ts';
import {wrapped} from './wrapped.ts';

/** What may be around a listing, the outermost first. A new one is a function, and a row here. */
const MARKS: readonly Layer[] = [jsonLines, machineInterface, colours, html, blanks];
const LAYERS: readonly Layer[] = [
  ...MARKS,
  criu,
  sections,
  prefixes,
  wrapped,
  // Behind the prefixes of a log there may be any of it again.
  jsonLines,
  sections,
];

/** Bytes. No paste comes near this, and text takes more room than bytes. */
export const LARGEST: number = 32 * 1024 * 1024;

/** The lines of a text, as they are. */
export function pasteOf(bytes: Uint8Array): Paste {
  const lines = latin1(bytes, 0, bytes.length).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return {lines, numbers: lines.map((_, index) => index + 1), notes: []};
}

/**
 * Takes off what was added to a listing on its way: colours, prefixes, marks of a quotation. Only for a text that isn't
 * understood without that.
 *
 * @param what `marks`: only what is not before the lines, as in a diff the plus and the minus are
 * @returns undefined where nothing is recognised
 */
export function undress(paste: Paste, what: 'all' | 'marks' = 'all'): Paste | undefined {
  const bare = (what === 'all' ? LAYERS : MARKS).reduce((dressed, layer) => layer(dressed) ?? dressed, paste);
  return bare === paste ? undefined : bare;
}

/** The lines as bytes again. */
export const bytesOf = ({lines}: Paste): Uint8Array => fromLatin1(lines.map((line) => `${line}\n`).join(''));
