import type {Kind} from '../model/kind.ts';
import type {Region} from '../model/region.ts';
import {baseName, type Space, type Verdict} from './space.ts';

const EVIDENCE = 'no file and no name, and neither its flags nor its shape tell more';

/**
 * Anonymous memory that can't be told: it gets the names of what lies below and above it. Whatever programs map
 * themselves, large blocks of malloc and what the dynamic linker needs is among these.
 */
export function tellNeighbours(space: Space): void {
  const {regions, verdicts} = space;
  let below = '';
  let verdict: Verdict | undefined;
  for (let index = 0, above = 0; index < regions.length; index++) {
    const known = verdicts[index];
    if (known) {
      if (!SAYS_LITTLE.has(known.kind)) {
        below = nameOf(regions[index]!, known);
        verdict = undefined;
      }
      continue;
    }
    if (!verdict) {
      above = Math.max(above, index);
      while (above < regions.length && (!verdicts[above] || SAYS_LITTLE.has(verdicts[above]!.kind))) above++;
      verdict = verdictOf(place(below, above < regions.length ? nameOf(regions[above]!, verdicts[above]!) : ''));
    }
    verdicts[index] = verdict;
  }
}

/** The same text is the same string from look to look: to compare two of them then takes no time. */
const VERDICTS = new Map<string | undefined, Verdict>();
const MOST_VERDICTS = 1000;

function verdictOf(label: string | undefined): Verdict {
  let verdict = VERDICTS.get(label);
  if (!verdict) {
    if (VERDICTS.size >= MOST_VERDICTS) VERDICTS.clear();
    VERDICTS.set(label, (verdict = {kind: 'anon', label, evidence: EVIDENCE}));
  }
  return verdict;
}

/** Between a region and the next thing that has a name there may be these. */
const SAYS_LITTLE: ReadonlySet<Kind> = new Set(['guard', 'reserved', 'anon']);

function place(below: string, above: string): string | undefined {
  if (below && above) return `between ${below} and ${above}`;
  if (below || above) return below ? `above ${below}` : `below ${above}`;
  return undefined;
}

function nameOf({name}: Region, {label, kind}: Verdict): string {
  if (name.startsWith('[')) return name;
  return label ?? (name === '' ? kind : baseName(name));
}
