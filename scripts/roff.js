// What man(7) needs of a text: its own characters escaped, lines that begin as requests do kept apart.

/** Text for a line of man(7). `-` is a minus there, which can be copied and pasted, not a hyphen. */
export function roff(text) {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('…', '...');
  return escaped.startsWith('.') ? `\\&${escaped}` : escaped;
}

/** Sentences, each from a new line on, in lines of at most 80 bytes. */
export const prose = (text) =>
  text
    .split(/(?<=[.!?]) (?=[A-Z])/)
    .flatMap(folded)
    .join('\n');

function folded(sentence) {
  const lines = [''];
  for (const word of sentence.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (Buffer.byteLength(roff(longer)) <= 80) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map(roff);
}

export const bold = (text) => `\\fB${roff(text)}\\fR`;
export const italic = (text) => `\\fI${roff(text)}\\fR`;

/** A section: its title, and the lines of it. */
export const section = (title, ...lines) => (lines.length === 0 ? [] : [`.SH ${title}`, ...lines]);

/** An entry of a list: a tag, and what it is. */
export const entry = (tag, ...lines) => ['.TP', tag, ...lines];

/** Paragraphs, of text with empty lines between them. */
export const paragraphs = (text) =>
  text.split('\n\n').flatMap((part, at) => (at === 0 ? [prose(part)] : ['.PP', prose(part)]));

/** Characters of an example on a line of 80, beside its margins. */
const WIDTH = 66;

/** Command lines as they are typed, a long one on several lines, as a shell reads it. */
export const examples = (lines) => [
  '.nf',
  ...lines.flatMap((line, at) => [...(at === 0 ? [] : ['.sp']), ...continued(line).map(roff)]),
  '.fi',
];

function continued(line) {
  const parts = line.split(/(?<=;) /);
  if (parts.length > 1) return parts.flatMap(continued);
  if (line.length <= WIDTH) return [line];
  // A blank within quotes is not a place to break at.
  const words = line.match(/(?:'[^']*'|"[^"]*"|\S)+/g);
  const lines = [''];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== '' && last.length + word.length + 3 > WIDTH) lines.push(`    ${word}`);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.map((each, at) => (at < lines.length - 1 ? `${each} \\` : each));
}
