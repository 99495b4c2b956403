import {cutAt} from './logs.ts';
import {COUNTER, HEADER, withLines, type Layer} from './paste.ts';

/**
 * What stands before each line of a listing: the time and the tag of a log, the file and the number of grep -H and -n,
 * the number of cat -n and nl, the bars of docker compose, the marks of a quoted mail. Which one it is need not be
 * known: what stands before the regions, which have a strict form, is looked for before the other lines too.
 */
export const prefixes: Layer = (paste) => {
  const places = paste.lines.map(placeOf);
  const shapes = shapesOf(paste.lines, places);
  if (shapes.length === 0) return undefined;
  let owner: Owner | undefined;
  let end = paste.lines.length;
  const lines = paste.lines.map((line, index) => {
    const place = places[index]!;
    if (place < 0) return withoutPrefix(line, shapes);
    const its = ownerOf(line.slice(0, place));
    if (its && owner && its.text !== owner.text) end = Math.min(end, index);
    owner ??= its;
    return line.slice(place);
  });
  const note = 'What stood before each line (a number, a name, a time) was taken off.';
  return {...cutAt(withLines(paste, lines, note), end), pid: owner?.pid ?? paste.pid};
};

/** A row of pmap's, of an Android tombstone, of a sanitizer's map: what else is found behind prefixes. */
const OTHER_ROWS = [
  /(?<![0-9a-f])[0-9a-f]{8,16} {1,12}\d{1,12}K [r-][w-][x-][sp-][R-]? /,
  /(?<![0-9a-f'])[0-9a-f]{8}'[0-9a-f]{8}-[0-9a-f]{8}'[0-9a-f]{8} [r-][w-][x-] /,
  /\t0x[0-9a-f]{1,16}-0x[0-9a-f]{1,16}(?:\t|$)/,
];

/** Where in the line a region begins; -1 if none does, or nothing stands before it. */
function placeOf(line: string): number {
  const at = line.search(HEADER);
  if (at >= 0) return at;
  for (const row of OTHER_ROWS) {
    const place = line.search(row);
    if (place >= 0) return place;
  }
  return -1;
}

/** At most this many ways to begin a line are looked for. */
const MOST_SHAPES = 8;

/** The prefixes of regions, the most frequent first: any number matches any other, and so do the marks of grep -A. */
function shapesOf(lines: readonly string[], places: readonly number[]): RegExp[] {
  const counts = new Map<string, number>();
  for (const [index, place] of places.entries()) {
    if (place <= 0 || place > LONGEST) continue;
    const prefix = lines[index]!.slice(0, place);
    if (!/\S/.test(prefix)) continue;
    const shape = shapeOf(prefix);
    if (counts.size < 1000 || counts.has(shape)) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_SHAPES)
    .map(([shape]) => new RegExp(shape));
}

/** Characters. */
const LONGEST = 300;

const shapeOf = (prefix: string): string =>
  `^${prefix
    .replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    .replace(/[ \t]+/g, '[ \\t]+')
    .replace(/\d+/g, '\\d+')
    .replace(/^\[ \\t\]\+/, '[ \\t]*')
    .replace(/[:-](\\d\+)[:-]$/, '[:-]$1[:-]')
    .replace(/[:-]$/, '[:-]')
    .replace(/\[ \\t\]\+$/, '[ \\t]*')}`;

function withoutPrefix(line: string, shapes: readonly RegExp[]): string {
  for (const shape of shapes) {
    const match = shape.exec(line);
    if (!match) continue;
    const rest = line.slice(match[0].length);
    return COUNTER.test(rest.trimStart()) ? rest.trimStart() : rest;
  }
  return line;
}

interface Owner {
  /** Differs where another file, and so another process, begins. */
  readonly text: string;
  readonly pid: number | undefined;
}

/** Whose line it is: `/proc/100/maps:` and `saved.txt:12:` of grep -H. */
function ownerOf(prefix: string): Owner | undefined {
  const process = /\/proc\/([1-9]\d{0,6})\/(?:task\/\d+\/)?(?:maps|smaps|smaps_rollup)[:-]/.exec(prefix)?.[1];
  if (process !== undefined) return {text: process, pid: Number(process)};
  const file = /^([^\s:]{1,200}?)[:-](?:\d{1,9}[:-])?$/.exec(prefix)?.[1];
  return file === undefined || /^\d+$/.test(file) ? undefined : {text: file, pid: undefined};
}
