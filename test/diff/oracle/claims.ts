import type {Change, Range} from '../../../src/model/change.ts';
import {sizeOf} from '../../../src/model/region.ts';
import {pagesOf} from '../tools.ts';
import {type Case, isSameMemory, known, lastCall, leadsTo} from './judge.ts';
import {lineAt, type Line} from './listing.ts';

type Groups = Readonly<Record<string, string | undefined>>;

/** @returns what is false in it */
type Judge = (groups: Groups, change: Change, known: Case) => string | undefined;

/** Calls that map and unmap; mremap(2) does both. */
const MAPS = ['mmap', 'mremap', 'brk'];
const UNMAPS = ['munmap', 'mremap', 'brk', 'mmap'];

/** Which calls a word of a sentence may mean. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  brk: ['brk'],
  munmap: ['munmap'],
  mremap: ['mremap'],
  mprotect: ['mprotect'],
  mapped: ['mmap', 'mremap'],
  moved: ['mremap'],
  mlock: ['mlock'],
  mseal: ['mseal'],
  madvise: ['madvise', 'populate'],
};

/** The calls that a parenthesis names: one of them is claimed. */
const named = (words: string | undefined): string[] =>
  Object.keys(MEANT)
    .filter((word) => new RegExp(`\\b${word}\\b`).test(words ?? ''))
    .flatMap((word) => MEANT[word]!);

/** Is each page's last call of some kind among those that a sentence names? No name is no claim. */
function wrongCall(words: string | undefined, kinds: readonly string[], range: Range, scene: Case): string | undefined {
  const claimed = named(words);
  if (claimed.length === 0) return undefined;
  for (const page of known(scene, range)) {
    const call = lastCall(scene, page, kinds);
    if (!call || !claimed.includes(call.name)) return `it was ${call?.name ?? 'no such call'}`;
  }
  return undefined;
}

const mapped = (scene: Case, range: Range, wanted: readonly [before: boolean, after: boolean]): string | undefined => {
  for (const page of pagesOf(range)) {
    const is = [scene.before, scene.after].map(({lines}) => lineAt(lines, page) !== undefined);
    if (is[0] !== wanted[0] || is[1] !== wanted[1]) return `page ${page.toString(16)} was mapped: ${is.join(', ')}`;
  }
  return undefined;
};

const UNITS: Readonly<Record<string, number>> = {B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30};

/** Is a figure what it should be, as far as it has digits? */
function wrongSize(text: string | undefined, bytes: number): string | undefined {
  const [, sign, digits, unit] = /^([+−]?)([\d.]+) (\w+)$/.exec(text ?? '')!;
  const told = Number(digits) * UNITS[unit!]! * (sign === '−' ? -1 : 1);
  return Math.abs(told - bytes) <= (unit === 'KiB' ? 0 : UNITS[unit!]! / 20) ? undefined : `it is ${bytes} bytes`;
}

/** Does a sentence call the region by its name? */
function wrongName(subject: string | undefined, line: Line | undefined): string | undefined {
  const isNamed = !/^(?:anonymous memory|an unnamed file)\b/.test(subject ?? '');
  return (isNamed ? subject : '') === line?.name ? undefined : `it is called ${JSON.stringify(line?.name)}`;
}

const first = (...faults: ReadonlyArray<string | undefined>): string | undefined =>
  faults.find((fault) => fault !== undefined);

const comes: Judge = ({subject, size, perms, calls, again}, {range}, scene) => {
  const line = lineAt(scene.after.lines, range.start);
  const others = scene.before.lines.filter(({name}) => name !== '' && name === line?.name);
  return first(
    mapped(scene, range, [false, true]),
    wrongSize(size, sizeOf(range)),
    wrongName(subject, line),
    line?.perms === perms ? undefined : `it is ${line?.perms}`,
    (again !== undefined) === others.length > 0 ? undefined : `${others.length} regions of it were there before`,
    wrongCall(calls, MAPS, range, scene),
  );
};

const goes: Judge = ({subject, size, perms, calls, again}, {range}, scene) => {
  const line = lineAt(scene.before.lines, range.start);
  const others = scene.after.lines.filter(({name}) => name !== '' && name === line?.name);
  return first(
    mapped(scene, range, [true, false]),
    wrongSize(size, sizeOf(range)),
    wrongName(subject, line),
    line?.perms === perms ? undefined : `it was ${line?.perms}`,
    (again !== undefined) === others.length > 0 ? undefined : `${others.length} regions of it are left`,
    wrongCall(calls, UNMAPS, range, scene),
  );
};

const grows: Judge = ({subject, where, size, calls}, {range}, scene) => {
  const line = lineAt(scene.after.lines, range.start);
  const place = range.end === line?.end ? 'upwards ' : range.start === line?.start ? 'downwards ' : '';
  return first(
    mapped(scene, range, [false, true]),
    wrongSize(size, sizeOf(range)),
    wrongName(subject, line),
    place === (where ?? '') ? undefined : `it grew ${place}`,
    wrongCall(calls, MAPS, range, scene),
  );
};

const shrinks: Judge = ({subject, where, size, calls}, {range}, scene) => {
  const line = lineAt(scene.before.lines, range.start);
  const place = range.end === line?.end ? 'at its end' : range.start === line?.start ? 'at its start' : 'in its middle';
  return first(
    mapped(scene, range, [true, false]),
    wrongSize(size, sizeOf(range)),
    wrongName(subject, line),
    where!.startsWith(place) ? undefined : `it was ${place}`,
    wrongCall(calls, UNMAPS, range, scene),
  );
};

/** What a sentence says of the permissions is in both listings, and the memory is the same or that is left open. */
const protects: Judge = ({size, subject, from, to, calls}, {range}, scene) => {
  const isHedged = /mapped/.test(calls!);
  for (const page of pagesOf(range)) {
    const [a, b] = [scene.before, scene.after].map(({lines}) => lineAt(lines, page)?.perms);
    if (a !== from || b !== to) return `it was ${a}, and is ${b}`;
  }
  for (const page of known(scene, range)) {
    const isSame = isSameMemory(scene.before.told.pages.get(page), scene.after.told.pages.get(page));
    if (!isHedged && !isSame) return 'it is other memory';
    if (!isHedged && lastCall(scene, page, ['mprotect']) === undefined) return 'there was no mprotect';
  }
  return first(wrongSize(size, sizeOf(range)), wrongName(subject, lineAt(scene.after.lines, range.start)));
};

const isDeleted: Judge = ({name}, {range}, scene) => {
  const [line, now] = [lineAt(scene.before.lines, range.start), lineAt(scene.after.lines, range.start)];
  return first(
    wrongName(name, line),
    name!.startsWith('/memfd:') || !leadsTo(name!, line!.inode) ? undefined : 'it still has this name',
    now?.name === `${name} (deleted)` ? undefined : `maps says ${now?.name}`,
  );
};

const isRenamed: Judge = ({from, to}, {range}, scene) => {
  const [line, now] = [lineAt(scene.before.lines, range.start), lineAt(scene.after.lines, range.start)];
  return first(
    wrongName(from, line),
    to === undefined ? (now?.name === '' ? undefined : `it is called ${now?.name}`) : wrongName(to, now),
    to?.startsWith('/') && !leadsTo(to, now!.inode) ? 'this name leads to another file' : undefined,
  );
};

const isListed: Judge = ({from, listed}, {range}, scene) =>
  first(
    wrongName(from, lineAt(scene.before.lines, range.start)),
    wrongName(listed, lineAt(scene.after.lines, range.start)),
  );

/** Other memory: no page is what it was. */
const replaces: Judge = ({size, from, to, perms}, {range}, scene) => {
  const isSame = known(scene, range).some((page) =>
    isSameMemory(scene.before.told.pages.get(page), scene.after.told.pages.get(page)),
  );
  const now = lineAt(scene.after.lines, range.start);
  return first(
    isSame ? 'a page is the same memory as before' : undefined,
    mapped(scene, range, [true, true]),
    wrongSize(size, sizeOf(range)),
    / and \d+ more$/.test(from!) ? undefined : wrongName(from, lineAt(scene.before.lines, range.start)),
    / and \d+ more$/.test(to!) ? undefined : wrongName(to, now),
    perms === undefined || perms === now?.perms ? undefined : `it is ${now?.perms}`,
  );
};

const moves: Judge = ({subject, from, slide, hedge}, {range}, scene) => {
  const old = Number.parseInt(from!, 16);
  const by = Number.parseInt(slide!.replace('0x', ''), 16);
  const isSame = known(scene, range).every((page) =>
    isSameMemory(scene.before.told.pages.get(page - by), scene.after.told.pages.get(page)),
  );
  return first(
    old + by === range.start ? undefined : 'the distance is wrong',
    wrongName(subject, lineAt(scene.after.lines, range.start)),
    hedge === undefined && !isSame ? 'it is other memory' : undefined,
    lineAt(scene.before.lines, old)?.perms === lineAt(scene.after.lines, range.start)?.perms
      ? undefined
      : 'other perms',
  );
};

const overlapping = (lines: readonly Line[], range: Range): Line[] =>
  lines.filter(({start, end}) => start < range.end && range.start < end);

const isCut: Judge = ({now, then, why, promise}, {range}, scene) => {
  const [a, b] = [scene.before, scene.after].map(({lines}) => overlapping(lines, range)) as [Line[], Line[]];
  const count = (words: string): number => (words === 'one region' ? 1 : Number.parseInt(words, 10));
  const isSame = known(scene, range).every((page) =>
    isSameMemory(scene.before.told.pages.get(page), scene.after.told.pages.get(page)),
  );
  const phrases = [...(why ?? '').matchAll(/(?<start>[0-9a-f]{8,})-[0-9a-f]+ (?<what>[^;]+)/g)];
  return first(
    count(now!) === b.length ? undefined : `it is in ${b.length} regions`,
    then === undefined || Number(then) === a.length ? undefined : `it was in ${a.length} regions`,
    /bytes/.test(promise ?? '') && !isSame ? 'the bytes are others' : undefined,
    new Set([...a, ...b].map(({perms}) => perms)).size === 1 ? undefined : 'the permissions are others',
    ...phrases.map(({groups}) => {
      const start = Number.parseInt(groups!['start']!, 16);
      const [old, now] = [scene.before, scene.after].map(({lines}) => lineAt(lines, start)!) as [Line, Line];
      return wrongFlags(groups!['what']!, old, now, scene);
    }),
  );
};

/** What is said of a flag, by fs/proc/task_mmu.c and madvise(2): which code it is, and whether it is set. */
const FLAGS: ReadonlyArray<readonly [words: RegExp, code: string, isSet: boolean]> = [
  [/^is locked in RAM/, 'lo', true],
  [/^is no longer locked in RAM/, 'lo', false],
  [/^is locked as its pages are touched/, 'lf', true],
  [/^is no longer locked on fault/, 'lf', false],
  [/^is read in order/, 'sr', true],
  [/^is no longer marked as read in order/, 'sr', false],
  [/^is read at random/, 'rr', true],
  [/^is no longer marked as read at random/, 'rr', false],
  [/^is not given to children by fork/, 'dc', true],
  [/^is given to children by fork again/, 'dc', false],
  [/^is charged to the commit limit/, 'ac', true],
  [/^is no longer charged to the commit limit/, 'ac', false],
  [/^is not charged to the commit limit/, 'nr', true],
  [/^no longer has MAP_NORESERVE/, 'nr', false],
  [/^is wiped in children by fork/, 'wf', true],
  [/^is kept in children by fork/, 'wf', false],
  [/^is left out of core dumps/, 'dd', true],
  [/^is in core dumps again/, 'dd', false],
  [/^asks for transparent huge pages/, 'hg', true],
  [/^no longer asks for transparent huge pages/, 'hg', false],
  [/^takes no transparent huge pages/, 'nh', true],
  [/^may take transparent huge pages again/, 'nh', false],
  [/^may be merged by KSM/, 'mg', true],
  [/^is no longer merged by KSM/, 'mg', false],
  [/^has its missing pages supplied by userfaultfd/, 'um', true],
  [/^no longer has its missing pages supplied/, 'um', false],
  [/^is sealed/, 'sl', true],
  [/^is no longer sealed/, 'sl', false],
  [/^may have guard pages in it/, 'gu', true],
  [/^no longer has guard pages in it/, 'gu', false],
  [/^has the flag dp$/, 'dp', true],
  [/^no longer has the flag dp$/, 'dp', false],
];

/** Calls that a phrase names as a fact, not with "as with". */
const ADVICE: ReadonlyArray<readonly [RegExp, string]> = [
  [/\(MADV_/, 'madvise'],
  [/\((?:mlock|MLOCK)/, 'mlock'],
  [/\(mseal/, 'mseal'],
];

function wrongFlags(phrases: string, before: Line, after: Line, scene: Case): string | undefined {
  const parts = phrases.replace(/\.$/, '').split(', ');
  for (const part of parts) {
    const [, code, isSet] = FLAGS.find(([words]) => words.test(part)) ?? [];
    if (code === undefined) return `what flag is "${part}"?`;
    if (before.flags.has(code) === isSet || after.flags.has(code) !== isSet) return `${code} did not change so`;
    const [, call] = ADVICE.find(([words]) => words.test(part)) ?? [];
    const pages = known(scene, after);
    if (call !== undefined && pages.some((page) => lastCall(scene, page, [call]) === undefined)) return `no ${call}`;
  }
  const shown = (line: Line): string[] =>
    [...line.flags].filter((code) => !['rd', 'wr', 'ex', 'sh', 'sd'].includes(code));
  const [a, b] = [shown(before), shown(after)];
  // Locked as it is touched is a way of being locked.
  const isImplied = (code: string): boolean => code === 'lo' && b.includes('lf') && !a.includes('lf');
  const came = b.filter((code) => !a.includes(code) && !isImplied(code));
  const count = a.filter((code) => !b.includes(code)).length + came.length;
  return count === parts.length ? undefined : `${count} flags changed`;
}

const isFlagged: Judge = ({size, subject, phrases, amounts}, {range}, scene) => {
  const [before, after] = [lineAt(scene.before.lines, range.start)!, lineAt(scene.after.lines, range.start)!];
  return first(
    wrongName(subject, after),
    size === undefined ? undefined : wrongSize(size, sizeOf(range)),
    wrongFlags(phrases!, before, after, scene),
    amounts === undefined ? undefined : wrongAmounts(amounts, before, after),
  );
};

const COUNTERS: Readonly<Record<string, string>> = {resident: 'Rss', anonymous: 'Anonymous', swap: 'Swap'};

function wrongAmounts(amounts: string, before: Line, after: Line): string | undefined {
  const told = new Map(
    amounts.split(', ').map((part) => {
      const [, title, figure] = /^(\w+) (\S+ \S+)$/.exec(part)!;
      return [COUNTERS[title!]!, figure!];
    }),
  );
  for (const counter of Object.values(COUNTERS)) {
    const difference = (after.counters[counter] ?? 0) - (before.counters[counter] ?? 0);
    const figure = told.get(counter);
    const fault = figure === undefined ? (difference === 0 ? undefined : 'left out') : wrongSize(figure, difference);
    if (fault !== undefined) return `${counter} is ${difference}: ${fault}`;
  }
  return undefined;
}

/** Calls that bring pages in; others change what is in RAM, and touch nothing. */
const TOUCHES = ['touch', 'populate', 'mlock', 'mmap', 'mremap', 'mprotect'];

/** A populate or a lock that failed has brought in pages up to where it failed. */
const wasTouched = ({calls}: Case, page: number): boolean =>
  calls.some(
    ({name, start, end, result}) =>
      start <= page &&
      page < end &&
      TOUCHES.includes(name) &&
      (result === 0 || name === 'populate' || name === 'mlock'),
  );

const isTouched: Judge = ({subject, verb, amounts}, {range}, scene) => {
  const [before, after] = [lineAt(scene.before.lines, range.start)!, lineAt(scene.after.lines, range.start)!];
  const pages = known(scene, range);
  const isTouch = pages.length === 0 || pages.some((page) => wasTouched(scene, page));
  const more = (after.counters['Rss'] ?? 0) - (before.counters['Rss'] ?? 0);
  return first(
    wrongName(subject, after),
    wrongAmounts(amounts!, before, after),
    verb === 'was touched' && !isTouch ? 'nothing touched it' : undefined,
    verb === 'has more in RAM' && more <= 0 ? 'it has not more' : undefined,
    verb === 'has less in RAM' && more >= 0 ? 'it has not less' : undefined,
  );
};

const SIZE = String.raw`(?<size>[\d.]+ \w+)`;
const PERMS = String.raw`(?<perms>\S{4})`;
const CALLS = String.raw`(?: \((?<calls>.*)\))?\.`;
const TAIL = String.raw`(?: This holds if it is the memory that moved\.)?`;
const WHERE = String.raw`(?<where>at its end|at its start|in its middle, which left a hole)`;
const SLIDE = String.raw`from (?<from>[0-9a-f]+)-[0-9a-f]+, by (?<slide>-?0x[0-9a-f]+)`;
const HEDGE =
  String.raw`(?<hedge> \(moved, or mapped again there\)|` +
  String.raw`\. That it is the same memory is a guess: nothing identifies unnamed memory)?\.`;
const NOW = String.raw`(?<now>one region|\d+ regions) now(?: instead of (?<then>\d+))?`;
/** Something with flags: other sentences begin with a name as well. */
const ANONYMOUS = String.raw`anonymous memory(?: \([\w -]+\))?`;
const FLAGGED = String.raw`(?<subject>${ANONYMOUS}|\[[\w:]+\]|\/\S+(?: \(deleted\))*|an unnamed file)`;

/** The sentences of a diff of one process, and what judges them. */
const SENTENCES: ReadonlyArray<readonly [string, Judge]> = [
  [`(?<again>Another region named )?(?<subject>.+) is new: ${SIZE}, ${PERMS}${CALLS}`, comes],
  [`(?<again>One region named )?(?<subject>.+) is gone: ${SIZE}, ${PERMS}${CALLS}`, goes],
  [`(?<subject>.+) grew (?<where>upwards |downwards )?by ${SIZE}(?:: a hole in it was filled)?${CALLS}${TAIL}`, grows],
  [`(?<subject>.+) lost ${SIZE} ${WHERE}${CALLS}${TAIL}`, shrinks],
  [`${SIZE} of (?<subject>.+) went from (?<from>\\S{4}) to (?<to>\\S{4})${CALLS}`, protects],
  [`(?<name>.+) lost this name \\(maps says deleted\\), and stays mapped\\.`, isDeleted],
  [`(?<from>.+) has no name now\\.`, isRenamed],
  [`(?<from>.+) is now called (?<to>.+)\\.`, isRenamed],
  [`(?<from>.+) is listed as (?<listed>.+) now\\.`, isListed],
  [`${SIZE} of (?<from>.+) gave way to (?<to>.+?)(?:, ${PERMS})?\\.`, replaces],
  [`(?<subject>.+) is at another address: ${SLIDE}${HEDGE}`, moves],
  [`(?<subject>.+) is in ${NOW}, (?<promise>[^(:]*?)(?<why>[:(].*)?\\.`, isCut],
  [`(?<subject>.+?) (?<verb>was touched|has more in RAM|has less in RAM): (?<amounts>.+)\\.`, isTouched],
  [`Pages of (?<subject>.+) came or went: (?<amounts>.+)\\.`, isTouched],
  [
    `(?:${SIZE} of )?${FLAGGED} (?<phrases>(?:is|has|may|no longer|asks|takes|can) .*?)(?:; (?<amounts>.+))?\\.`,
    isFlagged,
  ],
];

export const CLAIMS = SENTENCES.map(([pattern, judge]) => [new RegExp(`^${pattern}$`), judge] as const);
