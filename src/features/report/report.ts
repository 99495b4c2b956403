import {counted, countText} from '../../model/amounts.ts';
import type {ProcessInfo} from '../../model/snapshot.ts';
import {ChangeKeeper, type ReportChange} from './changes.ts';
import type {Growth} from '../growth/growth.ts';
import type {HeapGrowth} from '../growth/heap.ts';
import {NO_CAUSES, type ReportStacks} from './stacks.ts';
import {growersOf, growthMeasure, judged, type Grower} from './growers.ts';
import {FamilyKeeper, type ReportFamily} from './family.ts';
import {eventsOf, type ReportEvent} from './events.ts';
import {COUNTERS, curvesOf, unreadOf, type Curves} from '../../history/curves.ts';
import {processOf, type Seen} from '../../history/seen.ts';
import {Series, type Time} from '../../history/series.ts';
import {stripsOf, type Strip} from './strips.ts';
import {type About, summaryOf} from './summary.ts';
import {fewerStays, thin} from './thin.ts';

/** At most this many changes are listed, and this many looks and stays of regions drawn. */
const MOST = {changes: 4000, looks: 2000, stays: 20_000} as const;

/** What a recording shows, made ready to be drawn and read. A look is an index into `curves.times`. */
export interface Report {
  readonly about: About;
  readonly process: ProcessInfo;
  readonly curves: Curves;
  /** When the counters of smaps are unknown, in ms. */
  readonly unread: readonly Time[];
  readonly events: readonly ReportEvent[];
  readonly strips: readonly Strip[];
  readonly measure: 'rss' | 'size';
  readonly growers: readonly Grower[];
  readonly changes: readonly ReportChange[];
  /** The process and its descendants, where they were recorded. */
  readonly family: ReportFamily | undefined;
  /** What malloc's books say, where they were noted. */
  readonly heap: HeapGrowth | undefined;
  /** Who mapped and touched it, where memory calls were recorded. */
  readonly causes: ReportStacks | undefined;
  readonly summary: readonly string[];
  /** What was left out or can't be trusted, a sentence each. */
  readonly notes: readonly string[];
}

/** What `memmap growth` says. */
interface Verdict {
  readonly growth: Growth;
  readonly heap: HeapGrowth | undefined;
}

/**
 * Reads a recording once, from its first look to its last, and makes a report of it.
 *
 * @param seen at least one look
 * @param judge says what `memmap growth` says of it, once all of it was read
 * @param causes what its memory calls came to
 */
export function reportOf(
  about: About,
  seen: Iterable<Seen>,
  judge: () => Verdict | undefined = () => undefined,
  causes = NO_CAUSES,
): Report {
  const [series, changes] = [new Series(COUNTERS, 'rss'), new ChangeKeeper(MOST.changes)];
  const family = new FamilyKeeper();
  const events: ReportEvent[] = [];
  let process: ProcessInfo = {};
  let last: ProcessInfo | undefined;
  let peak = 0;
  for (const look of seen) {
    const number = series.times.length;
    series.add(look);
    changes.add(look, number);
    family.add(look.t, look.family);
    events.push(...eventsOf(look, number));
    // A process that has ended no longer says what its program was.
    const info = processOf(look);
    if (info !== last) process = {...process, ...(last = info)};
    // execve starts VmHWM again, with the memory.
    const {vmHwm} = look.status ?? look.snapshot.status;
    peak = Math.max(look.event === 'exec' ? 0 : peak, Number(vmHwm ?? 0));
  }
  const verdict = judge();
  const growth = verdict?.growth;
  const heap = verdict?.heap;
  const looks = series.times.length;
  const curves = curvesOf(series);
  const begin = events.findLast(({kind}) => kind === 'exec')?.look ?? 0;
  const measure = growthMeasure(curves, begin, growth);
  const {duration} = about;
  const growers = judged(growersOf({curves, tracks: series.tracks, duration, measure, begin}), growth);
  const unread = unreadOf(curves, duration);
  const summary = summaryOf({about, curves, begin, growers, measure, peak, counts: changes.counts, growth, heap});
  const said = [...summary, ...causes.sentences, ...family.sentences()];
  const thinned = thin({curves, events, growers, changes: changes.rows, stays: series.stays}, MOST.looks);
  const drawn = fewerStays(thinned.stays, MOST.stays);
  const left = [
    ...about.notes,
    ...notesOf(looks, thinned, changes),
    ...drawn.notes,
    ...family.notes(),
    ...causes.notes,
  ];
  const strips = stripsOf(drawn.stays, [...thinned.curves.times, about.duration], process.exe);
  return {
    about,
    process,
    measure,
    summary: said,
    family: family.family,
    heap,
    causes: causes.stacks,
    ...thinned,
    unread,
    strips,
    notes: left,
  };
}

function notesOf(looks: number, thinned: {curves: Curves; unseen: number}, changes: ChangeKeeper): string[] {
  const kept = thinned.curves.times.length;
  const {all} = changes;
  const shown = changes.rows.length;
  return [
    ...(kept < looks
      ? [
          `The charts show ${countText(kept)} of ${countText(looks)} samples: of neighbours, the one ` +
            `with the most memory.`,
        ]
      : []),
    ...(thinned.unseen > 0
      ? [`${counted(thinned.unseen, 'region')} came and went between two of these samples: not in the picture.`]
      : []),
    ...(shown < all
      ? [
          `The list has the ${countText(shown)} largest of ${countText(all)} changes; those that are only ` +
            `touched are left out first.`,
        ]
      : []),
  ];
}
