import {sizeText} from '../../model/amounts.ts';
import {cells, clip, safe} from '../../text/safe.ts';
import {wrapLines} from '../../text/lines.ts';
import {paint, type Role} from '../../text/theme.ts';
import type {TextOptions} from '../../text/process/who.ts';
import type {Answer} from './answer.ts';
import {isNear, limitText} from './facts/limits.ts';
import {shareText} from './facts/parts.ts';

/** Prose is set no wider than this; and where nothing is shortened, as wide as a usual terminal. */
const WIDEST = 100;
const USUAL = 80;
const LABEL = 9;

/** Of each section at most this many entries: the page is to fit a terminal of 24 lines. */
const MOST = {parts: 4, limits: 2, unusual: 2, next: 3, missing: 2} as const;

/** A part of less than this share is not worth a line. */
const LITTLE = 0.02;

/** The page: the answer first, then what it rests on, then what to do. */
export function renderWhy(answer: Answer, {width = USUAL}: TextOptions): string {
  const wide = Math.min(WIDEST, Math.max(40, width));
  const {finding, growth, kept, next, missing} = answer;
  return [
    ...wrapLines(finding.sentence, wide).map((line) => paint('title', line)),
    '',
    ...wrapLines(answer.who, wide).map((line) => paint('quiet', line)),
    ...section('basis', [`${certainty(finding.certain)}: ${finding.evidence}`], wide),
    ...section('holds', partLines(answer, wide - LABEL), wide),
    ...section('growth', [growth.text], wide, growth.verdict === 'steady growth' ? 'bad' : undefined),
    ...section('kept', isWorthIt(answer) ? [`${kept!.text} (${certainty(kept!.certain)})`] : [], wide),
    ...section('limits', limitLines(answer), wide),
    ...section('unusual', unusualLines(answer), wide),
    ...section('missing', shortened(missing, MOST.missing, missingText), wide),
    ...(next.length > 0 ? [''] : []),
    ...section(
      'next',
      shortened(next, MOST.next, ({command, why}) => `${command}\n${why}`),
      wide,
      undefined,
      'title',
    ),
    '',
  ].join('\n');
}

/** Findings whose sentence says it all. */
const SAYS_KEPT: ReadonlySet<string> = new Set(['kept-by-malloc', 'fragmented', 'lazy-free', 'kept-by-python']);

/** What could come back is said where it is a part of all that matters. */
const isWorthIt = ({kept, holds, finding}: Answer): boolean =>
  kept !== undefined && !SAYS_KEPT.has(finding.name) && kept.free + kept.lazyFree >= LITTLE * holds.total;

const certainty = (certain: boolean): string => (certain ? 'certain' : 'likely');

/** Limits that are near have a section of their own. */
function unusualLines({unusual, finding}: Answer): string[] {
  const others = unusual.filter(({isLimit}) => !isLimit);
  if (others.length === 0) return [finding.name === 'nothing' ? 'nothing' : 'nothing else'];
  return shortened(others, MOST.unusual, ({what, certain}) => `${what}${certain ? '' : ' (likely)'}`);
}

const missingText = ({what, why, next}: Answer['missing'][number]): string =>
  `${what}: ${why}${next === '' ? '' : `. ${next}`}`;

/** Entries beyond the first few are counted. */
function shortened<Entry>(entries: readonly Entry[], most: number, text: (entry: Entry) => string): string[] {
  const more = entries.length - most;
  return [...entries.slice(0, most).map(text), ...(more > 0 ? [`… and ${more} more, in --json`] : [])];
}

function partLines({holds, target}: Answer, room: number): string[] {
  const {parts, total, isMemory} = holds;
  const shown = parts.filter(({bytes}) => bytes >= LITTLE * total).slice(0, MOST.parts);
  const rest = parts.slice(shown.length).reduce((sum, {bytes}) => sum + bytes, 0);
  const lines = shown.map(({what, bytes, certain, evidence}) => ({
    head: `${sizeText(bytes).padStart(10)} ${percent(bytes, total)}  ${safe(what)}`,
    tail: `${certain ? '' : 'likely: '}${evidence}`,
  }));
  // What it rests on is never cut: where there is no room beside it, it goes below.
  const texts = lines.map(({head, tail}) => {
    const line = `${head}  [${tail}]`;
    return cells(line) <= room ? line : `${clip(head, room)}\n[${tail}]`;
  });
  if (rest > 0) texts.push(`${sizeText(rest).padStart(10)} ${percent(rest, total)}  the rest`);
  return isMemory
    ? texts
    : [
        ...texts,
        target['is'] === 'core'
          ? 'sizes in the core, which does not say what was resident'
          : 'addresses, not memory: ' +
            (target['is'] === 'process' ? 'resident memory by kind was not read' : 'this listing has no counters'),
      ];
}

const percent = (bytes: number, total: number): string => shareText(bytes, total).replace('under ', '<').padStart(5);

/** Those that are near; else the one that is nearest. */
function limitLines({limits}: Answer): string[] {
  const near = limits.filter(isNear);
  // A stack is bounded by its size alone: that it has a limit is not news.
  const shown = near.length > 0 ? near : limits.filter(({limit}) => limit !== 'RLIMIT_STACK').slice(0, 1);
  return shown
    .slice(0, MOST.limits)
    .map((line) => `${isNear(line) ? '' : 'none near; the nearest: '}${limitText(line)}`);
}

/**
 * A label, and its entries beside it; what follows a line break is set in. @param role of all; @param head of first
 * lines
 */
function section(label: string, entries: readonly string[], wide: number, role?: Role, head?: Role): string[] {
  return entries.flatMap((entry, at) => {
    const [first = '', ...more] = entry.split('\n');
    // Columns of numbers are kept as they are.
    const lines = first.startsWith(' ') ? [first] : wrapLines(first, wide - LABEL);
    const below = more.flatMap((text) => wrapLines(text, wide - LABEL - 2).map((line) => `  ${line}`));
    return [...lines.map((line) => paint(head ?? role, line)), ...below].map((line, index) => {
      const title = at === 0 && index === 0 ? label : '';
      return `${paint('title', title)}${' '.repeat(LABEL - cells(title))}${line}`;
    });
  });
}
