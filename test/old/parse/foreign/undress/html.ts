import {fromText, latin1} from '../../scan.ts';
import {withPieces, type Layer} from './paste.ts';

/** Tags that are put around listings in web pages. Other words in angle brackets may belong to a name. */
const TAG =
  /<(\/?)(pre|code|samp|tt|br|p|div|span|font|b|i|em|strong|a|td|th|tr|table|tbody|thead|li|ul|ol|html|head|body|style|meta|title|blockquote)(?:\s[^<>]{0,500})?\/?>/gi;

/** Tags after which a new line begins. */
const BREAKS = /^(?:<br|<\/(?:p|div|tr|li|pre|title))/i;
/** Tags between two columns. */
const CELLS = /^<\/t[dh]/i;

const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(nbsp|lt|gt|amp|quot|apos|ndash|hellip));/gi;
const ENTITIES: Readonly<Record<string, string>> = {
  nbsp: ' ',
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  ndash: '-',
  hellip: '...',
};

/** A page, or a part of one. @returns undefined where there are neither tags nor entities but `&amp;` */
export const html: Layer = (paste) => {
  if (!paste.lines.some((line) => /<\/?(?:pre|code|br|span|div|td|p|tt)\b|&(?:nbsp|lt|gt|#\d{1,7});/i.test(line)))
    return undefined;
  const pieces = paste.lines.map((line) =>
    line
      .replace(TAG, (tag) => (BREAKS.test(tag) ? '\n' : CELLS.test(tag) ? ' ' : ''))
      .replace(ENTITY, (_, decimal?: string, hex?: string, name?: string) =>
        name === undefined ? character(decimal, hex) : ENTITIES[name.toLowerCase()]!,
      )
      .split('\n'),
  );
  return withPieces(paste, pieces, 'HTML was taken out.');
};

/** One character a byte, as all text here. */
function character(decimal: string | undefined, hex: string | undefined): string {
  const point = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
  if (point === 0xa0) return ' ';
  const isCharacter = point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
  const bytes = fromText(isCharacter ? String.fromCodePoint(point) : '\ufffd');
  return latin1(bytes, 0, bytes.length);
}
