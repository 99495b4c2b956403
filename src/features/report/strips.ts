import type {Stay} from '../../history/tracks.ts';

/**
 * A part of the address space that is drawn as one strip: bytes that were mapped at some time. Neighbours that belong
 * together (the segments of a library, libraries side by side, stacks with their guards) share one.
 */
export interface Strip {
  readonly start: number;
  readonly end: number;
  /** What it is, in a word or two: a kind, `program`, `libraries`, `short-lived`, `mixed`. */
  readonly word: string;
  /** Names of what lies in it, each once, the largest first. */
  readonly names: readonly string[];
  /** Its parts from low to high addresses; each is drawn with a height of its own. */
  readonly parts: readonly Part[];
}

/** A range that stays of regions share: two of them overlap, at the same time or one after the other. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly stays: readonly Stay[];
}

/** More strips than this make the picture too tall to see at once. */
const MOST_STRIPS = 40;
/** More parts than this in one strip can't be distinguished. */
const MOST_PARTS = 100;
/**
 * Bytes. Neighbours farther apart than this are strips of their own: linkers leave holes of up to 2 MiB in a library.
 */
const HOLE = 4 * 1024 * 1024;
/** Bytes. Anonymous memory up to this size between two libraries is theirs: the linker's and the C library's own. */
const SMALL = 512 * 1024;
/** A share of the whole time: what was there for less can hardly be seen. */
const SHORT = 0.03;

/**
 * @param stays all stays, in any order
 * @param times ms of each look, and of the end
 * @param exe the program's file, where that is known
 * @returns ascending
 */
export function stripsOf(stays: readonly Stay[], times: readonly number[], exe: string | undefined): Strip[] {
  const parts = partsOf(stays).map((part) => ({part, word: wordOf(part, times, exe)}));
  let groups = grouped(parts, belongs);
  // What is too much for one picture is folded: neighbours of one word and one name first, then any of one word.
  if (groups.length > MOST_STRIPS) groups = grouped(parts, (...all) => belongs(...all) || isAlike(...all));
  if (groups.length > MOST_STRIPS) groups = grouped(parts, (...all) => belongs(...all) || isOfOneWord(...all));
  if (groups.length > MOST_STRIPS) groups = evenly(groups);
  return groups.map(({word, parts: some}) => strip(some, word));
}

interface Group {
  readonly word: string;
  readonly parts: Part[];
}

type Belongs = (group: Group, part: Part, word: string) => boolean;

function grouped(parts: ReadonlyArray<{readonly part: Part; readonly word: string}>, belongsTo: Belongs): Group[] {
  const groups: Group[] = [];
  for (const {part, word} of parts) {
    const group = groups.at(-1);
    if (group && belongsTo(group, part, word)) group.parts.push(part);
    else groups.push({word, parts: [part]});
  }
  return groups;
}

/** Is it as its neighbour below, wherever that is: another chunk of a heap, another block of malloc? */
const isAlike: Belongs = ({word, parts}, {stays}, next) =>
  word === next && parts.at(-1)!.stays[0]!.name === stays[0]!.name;

const isOfOneWord: Belongs = ({word}, _part, next) => word === next;

/** As many neighbours in each strip as it takes to have few enough. */
function evenly(groups: readonly Group[]): Group[] {
  const width = Math.ceil(groups.length / MOST_STRIPS);
  return Array.from({length: Math.ceil(groups.length / width)}, (_, index) => {
    const some = groups.slice(index * width, (index + 1) * width);
    const words = new Set(some.map(({word}) => word));
    return {word: words.size === 1 ? some[0]!.word : 'mixed', parts: some.flatMap(({parts}) => parts)};
  });
}

/** Stays that share bytes are one part. */
function partsOf(stays: readonly Stay[]): Part[] {
  const parts: Array<{start: number; end: number; stays: Stay[]}> = [];
  for (const stay of [...stays].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const part = parts.at(-1);
    if (part && stay.start < part.end) {
      part.stays.push(stay);
      part.end = Math.max(part.end, stay.end);
    } else parts.push({start: stay.start, end: stay.end, stays: [stay]});
  }
  return parts;
}

const FILE_KINDS = new Set(['text', 'rodata', 'relro', 'data', 'bss', 'file']);
const KERNEL_KINDS = new Set(['vdso', 'vvar']);

function wordOf({stays}: Part, times: readonly number[], exe: string | undefined): string {
  const from = stays.reduce((least, stay) => Math.min(least, stay.from), Infinity);
  const to = stays.reduce((most, stay) => Math.max(most, stay.to), 0);
  const {kind, name} = stays[0]!;
  if (times[to]! - times[from]! < times.at(-1)! * SHORT) return 'short-lived';
  if (exe !== undefined && name === exe) return 'program';
  if (FILE_KINDS.has(kind)) return 'files';
  if (KERNEL_KINDS.has(kind)) return 'kernel';
  return kind === 'guard' ? 'thread-stack' : kind;
}

const SHARING = new Set(['short-lived', 'program', 'files', 'kernel', 'thread-stack', 'arena', 'reserved', 'vsyscall']);

function belongs(group: Group, part: Part, word: string): boolean {
  const last = group.parts.at(-1)!;
  const hole = part.start - last.end;
  if (group.parts.length >= MOST_PARTS) return false;
  if (word === 'short-lived' && group.word === word) return true;
  if (hole > HOLE) return false;
  const isBss = part.stays[0]!.kind === 'bss' && hole === 0;
  if (isBss && group.word === 'program') return true;
  if (group.word === 'files' && word === 'anon') return part.stays.length === 1 && part.end - part.start <= SMALL;
  if (group.word === 'arena' && word === 'reserved') return hole === 0;
  return group.word === word && (SHARING.has(word) || (isSmall(part) && isSmall(last)));
}

const isSmall = ({start, end, stays}: Part): boolean => stays.length === 1 && end - start <= SMALL;

/** They say more than the kind of the memory. */
const OWN_WORDS = new Set(['program', 'short-lived', 'mixed']);

function strip(parts: readonly Part[], word: string): Strip {
  const sizes = new Map<string, number>();
  const kinds = new Set<string>();
  for (const {stays} of parts) {
    for (const {name, kind, start, end} of stays) {
      kinds.add(kind);
      // What belongs to a file has the file's name; what is between files has none.
      if (name !== '' && kind !== 'bss' && !(word === 'files' && kind === 'anon'))
        sizes.set(name, (sizes.get(name) ?? 0) + end - start);
    }
  }
  const [first] = kinds;
  const files = kinds.has('text') ? 'libraries' : 'files';
  return {
    start: parts[0]!.start,
    end: parts.at(-1)!.end,
    word: word === 'files' ? files : OWN_WORDS.has(word) || kinds.size > 1 ? word : first!,
    names: [...sizes].sort(([, a], [, b]) => b - a).map(([name]) => name),
    parts,
  };
}
