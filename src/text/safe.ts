/**
 * Makes text from outside safe for a terminal. A file, a process or a memfd may be named with any bytes: escape
 * sequences that move the cursor or change the title, line breaks, marks that change the writing direction. The kernel
 * escapes only the newline. Every name passes through here on its way to a terminal; JSON keeps the original.
 */

/**
 * C0, DEL, C1; soft hyphen and zero-width marks; line and paragraph separator; bidi controls; noncharacters; lone
 * surrogates.
 */
const UNSAFE =
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function safe(text: string): string {
  // A blank at the end can't be seen, yet it distinguishes two files.
  return text.replace(UNSAFE, escaped).replace(/ $/, '\\x20');
}

/** The same of lines, which stay lines: CSV on a terminal. */
export const safeLines = (text: string): string =>
  text.replace(UNSAFE, (character, at: number) =>
    character === '\n' || (character === '\r' && text[at + 1] === '\n') ? character : escaped(character),
  );

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** How many columns a safe text takes: two for CJK and emoji, none for combining marks. */
export function cells(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let count = 0;
  for (const character of text) count += WIDE.test(character) ? 2 : /\p{M}/u.test(character) ? 0 : 1;
  return count;
}

/** Shortens a name to `width` columns. The middle is left out: a path's end says most, its beginning says where. */
export function shorten(text: string, width: number): string {
  if (cells(text) <= width) return text;
  if (width < 2) return width === 1 ? '…' : '';
  const characters = Array.from(text);
  const tail = Math.ceil(((width - 1) * 2) / 3);
  return `${take(characters, width - 1 - tail)}…${take(characters.reverse(), tail, true)}`;
}

/** Shortens a path to `width` columns: its last part says most, and of that the beginning. */
export function shortenPath(path: string, width: number): string {
  if (cells(path) <= width) return path;
  const last = path.slice(path.lastIndexOf('/'));
  return cells(last) < width ? `…${last}` : clip(last.slice(1), width);
}

/** Cuts a phrase to `width` columns: its beginning says most. */
export function clip(text: string, width: number): string {
  if (cells(text) <= width) return text;
  return width < 1 ? '' : `${take(Array.from(text), width - 1)}…`;
}

function take(characters: readonly string[], width: number, isReversed = false): string {
  const taken: string[] = [];
  let used = 0;
  for (const character of characters) {
    used += cells(character);
    if (used > width) break;
    taken.push(character);
  }
  return (isReversed ? taken.reverse() : taken).join('');
}
