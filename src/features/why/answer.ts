import {sizeText, spanText} from '../../model/amounts.ts';
import {riseOf} from '../growth/growth.ts';
import {slopeText, whyNot} from '../growth/words.ts';
import type {Verdict} from '../growth/verdict/judge.ts';
import type {Points, Time} from '../../history/series.ts';
import type {Slope} from '../../history/trend.ts';
import type {Missing} from './facts/facts.ts';
import type {Found, Step} from './finding.ts';
import {aheadText, isNear, type LimitLine, limitText} from './facts/limits.ts';
import type {Parts} from './facts/parts.ts';

/** What growth says, and of what. Bytes a ms; `watched` in ms. */
export interface GrowthSaid {
  readonly verdict: Verdict;
  readonly slope: Slope | undefined;
  readonly watched: number;
  readonly text: string;
}

/** Memory that could come back, in bytes. */
export interface Kept {
  /** Freed by the program, kept by its allocator, and resident; and what of it malloc_trim(0) would give back. */
  readonly free: number;
  readonly trimmable: number;
  /** Given back with MADV_FREE, until the kernel takes it. */
  readonly lazyFree: number;
  readonly certain: boolean;
  readonly text: string;
}

/** What was found besides the first sentence. */
export interface Unusual {
  readonly what: string;
  readonly evidence: string;
  readonly certain: boolean;
  /** It is a limit that is near. */
  readonly isLimit?: true;
}

/** What `why` answers: the page and the document are two forms of it. */
export interface Answer {
  readonly target: Readonly<Record<string, unknown>>;
  /** Who it is, and how it was looked at: a line. */
  readonly who: string;
  readonly finding: Pick<Found, 'name' | 'sentence' | 'certain' | 'evidence'>;
  readonly holds: Parts;
  readonly growth: GrowthSaid;
  readonly kept: Kept | undefined;
  readonly limits: readonly LimitLine[];
  readonly unusual: readonly Unusual[];
  readonly next: readonly Step[];
  readonly missing: readonly Missing[];
}

/** At most this many steps: a longer list is not followed. */
const MOST_STEPS = 5;

/** What was found besides the first sentence, and what to do: of each command once. */
export function restOf(
  found: readonly Found[],
  first: Found | undefined,
  limits: readonly LimitLine[],
): Pick<Answer, 'unusual' | 'next'> {
  const others = found.filter(
    (each) =>
      each !== first &&
      each.tier !== 'holds' &&
      each.tier !== 'limit' &&
      // That the whole grows is what growth says.
      !(each.name === 'grows' && first?.tier === 'growth'),
  );
  const near = limits.filter(isNear);
  const steps = [...(first?.next ?? []), ...others.filter(({tier}) => tier !== 'aside').flatMap(({next}) => next)];
  const commands = new Set<string>();
  return {
    unusual: [
      ...near.map((line) => ({
        what: `${limitText(line)}. At the limit ${line.effect}.`,
        evidence: line.evidence,
        certain: true,
        isLimit: true as const,
      })),
      ...others.map(({sentence, evidence, certain}) => ({what: sentence, evidence, certain})),
    ],
    next: steps.filter(({command}) => !commands.has(command) && commands.add(command)).slice(0, MOST_STEPS),
  };
}

/** What grows says which limit it reaches. */
export const withAhead = (first: Found, limits: readonly LimitLine[]): Found =>
  first.tier === 'growth' ? {...first, sentence: `${first.sentence}${aheadText(limits)}`} : first;

interface Line {
  readonly verdict: Verdict;
  readonly slope: Slope | undefined;
  readonly points: Points;
  readonly first: number;
  readonly last: number;
  readonly hole?: Time | undefined;
}

/** Growth in a sentence. @param what grows; @param span ms that it was watched */
export function growthSaid(what: string, line: Line | undefined, span: number, one: string): GrowthSaid {
  if (!line) return {verdict: 'not enough data', slope: undefined, watched: 0, text: `unknown: ${one}`};
  const {verdict, slope} = line;
  const within = `in ${spanText(span)}`;
  const rise = riseOf(line);
  const moved = rise === 0 ? '' : ` (${rise > 0 ? '+' : '−'}${sizeText(Math.abs(rise))})`;
  const texts: Readonly<Record<Verdict, string>> = {
    'steady growth': `${what} ${slope ? slopeText(slope) : 'grew steadily'} ${within} (95 % bounds)`,
    'not enough data': `not enough data: ${whyNot(line)}`,
    step: `no steady growth seen ${within}: ${what} went up in steps${moved}, and stayed`,
    plateau: `no steady growth seen ${within}: ${what} grew${moved}, and stopped`,
    sawtooth: `no steady growth seen ${within}: ${what} goes up and comes down again`,
    flat: `no growth seen ${within}: ${what} stays at ${sizeText(line.last)}`,
    shrinks: `no growth seen ${within}: ${what} shrank${moved}`,
  };
  return {verdict, slope, watched: span, text: texts[verdict]};
}
