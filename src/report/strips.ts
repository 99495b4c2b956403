import type {Stay} from './tracks.ts';

/**
 * A part of the address space that is drawn as one strip: bytes that were mapped at some time, without a hole. Neighbours that
 * came and went together (the segments of a library, libraries side by side) share one.
 */
export interface Strip {
  readonly start: number;
  readonly end: number;
  /** What it is, in a word or two: a kind, `program`, `libraries`. */
  readonly word: string;
  /** Names of what lies in it, each once. */
  readonly names: readonly string[];
  /** Its parts from low to high addresses; each is drawn with a height of its own. */
  readonly parts: readonly Part[];
}

/** A range that stays of regions share: two of them overlap, at the same time or one after the other. */
export interface Part {
  readonly start: number;
  readonly end: number;
  readonly stays: readonly Stay[];
}

/** More parts than this in one strip can't be told apart. */
const MOST_PARTS = 40;
/** Neighbours farther apart than this are strips of their own: linkers leave holes of up to 2 MiB in a library. */
const HOLE = 4 * 1024 * 1024;
/** So many regions without a file must be alike to share a strip. */
const ALIKE = 3;

/**
 * @param stays all stays, in any order
 * @param looks how many looks there are
 * @param exe the program's file, where that is known
 * @returns ascending
 */
export function stripsOf(stays: readonly Stay[], looks: number, exe: string | undefined): Strip[] {
  const groups: Part[][] = [];
  let word = '';
  for (const part of partsOf(stays)) {
    const group = groups.at(-1);
    const next = wordOf(part, exe);
    const isNear = group !== undefined && part.start - group.at(-1)!.end <= HOLE && group.length < MOST_PARTS;
    if (isNear && belongs(group, part, word, next)) group.push(part);
    else groups.push([part]);
    word = next === 'bss' && isNear && groups.at(-1) === group ? word : next;
  }
  return groups.flatMap((group) => settled(group, looks, exe));
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

function wordOf({stays}: Part, exe: string | undefined): string {
  const {kind, name} = stays[0]!;
  if (exe !== undefined && name === exe) return 'program';
  if (kind === 'bss') return 'bss';
  if (FILE_KINDS.has(kind)) return 'files';
  return kind === 'guard' ? 'thread-stack' : kind;
}

/** Whole libraries share a strip, and so do stacks with their guards. */
function belongs(group: readonly Part[], part: Part, word: string, next: string): boolean {
  const touches = group.at(-1)!.end === part.start;
  if (next === 'bss') return touches && (word === 'program' || word === 'files');
  if (word !== next) return false;
  return word === 'program' || word === 'files' || isStill(group.at(-1)!) === isStill(part);
}

const isStill = ({stays}: Part): boolean => stays.length === 1;

/** Few regions without a file that share no strip by need are drawn apart, so that each has its name. */
function settled(group: readonly Part[], looks: number, exe: string | undefined): Strip[] {
  const word = wordOf(group[0]!, exe);
  const isAlike = word === 'program' || word === 'files' || word === 'vvar' || word === 'thread-stack';
  const isStatic = group.every((part) => isStill(part) && part.stays[0]!.from === 0 && part.stays[0]!.to === looks);
  if (isAlike || group.length === 1 || (isStatic && group.length >= ALIKE) || group.length > 12) {
    return [strip(group, word)];
  }
  return group.map((part) => strip([part], word));
}

function strip(parts: readonly Part[], word: string): Strip {
  const names = new Set(parts.flatMap(({stays}) => stays.map(({name}) => name)).filter((name) => name !== ''));
  const kinds = new Set(parts.flatMap(({stays}) => stays.map(({kind}) => kind)));
  const first = [...kinds][0]!;
  return {
    start: parts[0]!.start,
    end: parts.at(-1)!.end,
    word: word === 'files' ? (kinds.has('text') ? 'libraries' : kinds.size === 1 ? first : 'files') : kinds.size === 1 ? first : word,
    names: [...names],
    parts,
  };
} // prettier-ignore
