import {HEADER, withLines, type Layer} from './paste.ts';

/**
 * What terminals and text editors add to characters: colour codes (ECMA-48, and the titles of xterm), and characters
 * that look like a blank or a dash.
 */
const CODES = /\x1b(?:\[[0-?]{0,40}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,400}(?:\x07|\x1b\\)|[@-Z\\^_])/g;

/** @returns undefined if there is no escape character at all */
export const colours: Layer = (paste) => {
  if (!paste.lines.some((line) => line.includes('\x1b'))) return undefined;
  const lines = paste.lines.map((line) => (line.includes('\x1b') ? line.replace(CODES, '') : line));
  return withLines(paste, lines, 'Colour codes were taken out.');
};

/** grep(1) with --color puts a matched part between these: in a file's name, too, they are not the kernel's. */
export const hasGrepColours = (bytes: Uint8Array): boolean => {
  const at = bytes.indexOf(0x1b);
  return at >= 0 && includesText(bytes, at, '\x1b[m\x1b[K');
};

function includesText(bytes: Uint8Array, from: number, text: string): boolean {
  for (let at = from; at >= 0; at = bytes.indexOf(0x1b, at + 1)) {
    let length = 0;
    while (length < text.length && bytes[at + length] === text.charCodeAt(length)) length++;
    if (length === text.length) return true;
  }
  return false;
}

/** UTF-8, one character a byte: U+00A0, U+2007, U+202F, U+3000; and U+00A0 in ISO 8859-1. */
const BLANKS = /\xc2\xa0|\xe2\x80[\x87\xaf]|\xe3\x80\x80|(?<![\x80-\xff])\xa0/g;
/** U+200B to U+200D, U+FEFF, U+00AD: of no width. */
const NOTHING = /\xe2\x80[\x8b-\x8d]|\xef\xbb\xbf|\xc2\xad/g;
/** U+2010 to U+2014, U+2212. */
const DASHES = /\xe2\x80[\x90-\x94]|\xe2\x88\x92/g;

/** Blanks and dashes of word processors and chats, on lines that are not regions with them. */
export const blanks: Layer = (paste) => {
  let isChanged = false;
  const lines = paste.lines.map((line) => {
    if (!/[\xa0\xad\xbf\x8b-\x94]/.test(line) || HEADER.test(line)) return line;
    const plain = line.replace(BLANKS, ' ').replace(NOTHING, '');
    const dashed = plain.replace(DASHES, '-');
    const result = HEADER.test(dashed) ? dashed : plain;
    isChanged ||= result !== line;
    return result;
  });
  return isChanged
    ? withLines(paste, lines, 'Blanks and dashes that a text editor had put in were replaced.')
    : undefined;
};
