import {fromText, latin1, utf8, fromLatin1} from '../../scan.ts';
import {isText, withLines, withPieces, type Layer, type Paste} from './paste.ts';

/** Where loggers put the text of a line: Docker, fluentd, structured logs of all kinds, journalctl -o json. */
const FIELDS = ['log', 'message', 'MESSAGE', 'msg', 'line', 'text', 'textPayload'];

/** Logs whose lines are JSON documents, as containers' logs are. */
export const jsonLines: Layer = (paste) => {
  const pieces = paste.lines.map(textOf);
  const found = pieces.filter((piece) => piece !== undefined).length;
  if (found === 0 || found < paste.lines.filter(isText).length / 2) return undefined;
  const note = 'The listing was in a log of JSON lines.';
  return withPieces(
    paste,
    pieces.map((piece, index) => piece ?? [paste.lines[index]!]),
    note,
  );
};

/** The lines that a JSON line of a log holds. @returns undefined if it isn't one */
export function textOf(line: string): string[] | undefined {
  if (!/^\s*\{".*\}\s*$/.test(line)) return undefined;
  let entry: unknown;
  try {
    entry = JSON.parse(utf8(fromLatin1(line)));
  } catch {
    return undefined;
  }
  const fields = entry as Readonly<Record<string, unknown>>;
  const field = FIELDS.find((name) => Object.hasOwn(fields, name) && typeof fields[name] === 'string');
  if (field === undefined) return undefined;
  const bytes = fromText((fields[field] as string).replace(/\r?\n$/, ''));
  return latin1(bytes, 0, bytes.length).split('\n');
}

/** gdb/MI: what the console prints is a C string after a tilde (GDB manual, GDB/MI Stream Records). */
export const machineInterface: Layer = (paste) => {
  if (!paste.lines.some((line) => /^~".*"\s*$/.test(line))) return undefined;
  const pieces = paste.lines.map((line) => {
    const stream = /^~"(.*)"\s*$/.exec(line);
    if (stream) return unescaped(stream[1]!).replace(/\n$/, '').split('\n');
    return /^(?:\d*[\^*+=]\w|[&@]"|\(gdb\)\s*$)/.test(line) ? [''] : [line];
  });
  // A string may hold a part of a line: the next one continues it.
  return withPieces(paste, joined(paste.lines, pieces), "The lines were strings of gdb's machine interface.");
};

/** Strings of gdb's that don't end with a newline belong together with the next. */
function joined(lines: readonly string[], pieces: readonly string[][]): string[][] {
  const result: string[][] = [];
  let open: string[] | undefined;
  for (const [index, piece] of pieces.entries()) {
    if (open && lines[index]!.startsWith('~"')) {
      open[open.length - 1] += piece[0]!;
      open.push(...piece.slice(1));
      result.push([]);
    } else result.push((open = [...piece]));
    if (!lines[index]!.startsWith('~"') || /\\n"\s*$/.test(lines[index]!)) open = undefined;
  }
  return result;
}

const unescaped = (text: string): string =>
  text.replace(/\\(?:([0-7]{1,3})|(.))/g, (_, octal?: string, letter?: string) =>
    octal === undefined ? (ESCAPES[letter!] ?? letter!) : String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
  );

const ESCAPES: Readonly<Record<string, string>> = {n: '\n', t: '\t', r: '\r', e: '\x1b'};

const ENTRY = 'Handling VMA with the following smaps entry: ';

/**
 * A log of CRIU (criu/proc_parse.c): among much else each region that it dumps, one process after the other.
 *
 *     (00.173113) Handling VMA with the following smaps entry: 00400000-00401000 r--p …
 */
export const criu: Layer = (paste) => {
  if (!paste.lines.some((line) => line.includes(ENTRY))) return undefined;
  let pid: number | undefined;
  let end = paste.lines.length;
  let isBegun = false;
  const lines = paste.lines.map((line, index) => {
    if (index >= end) return '';
    const at = line.indexOf(ENTRY);
    isBegun ||= at >= 0;
    if (at >= 0) return line.slice(at + ENTRY.length);
    const process = /Collecting mappings \(pid: (\d{1,7})\)/.exec(line)?.[1];
    if (process !== undefined && isBegun) end = index;
    else if (process !== undefined) pid = Number(process);
    return /^\(\d+\.\d+\)/.test(line) ? '' : line;
  });
  return {
    ...cutAt(withLines(paste, lines, 'The listing was in a log of CRIU; its other lines are not regions.'), end),
    pid,
  };
};

/** The paste up to a line, at which the listing of another process begins. */
export function cutAt(paste: Paste, end: number): Paste {
  if (end >= paste.lines.length) return paste;
  const {lines, numbers} = paste;
  return {...paste, lines: lines.slice(0, end), numbers: numbers.slice(0, end), second: numbers[end]};
}
