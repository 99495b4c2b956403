import type {Region} from '../model/region.ts';
import type {MomentRow} from '../render/replay.ts';
import type {Recording} from '../record/recording.ts';

/** All moments of a part of a recording, with what each is known by. */
export function momentRows(recording: Recording, from: number, to: number): MomentRow[] {
  let last: readonly Region[] | undefined;
  let totals = {regions: 0, size: 0, rss: undefined as number | undefined};
  return Array.from(recording.snapshots(from, to), ({moment, snapshot}) => {
    if (snapshot.regions !== last) {
      const {regions, size, rss} = snapshot.totals as {regions: number; size: number; rss?: number};
      [last, totals] = [snapshot.regions, {regions, size, rss}];
    }
    const {vmRss} = snapshot.status;
    return {moment, ...totals, rss: totals.rss ?? (typeof vmRss === 'number' ? vmRss : undefined)};
  });
}

/** The document `memmap.moments/1`. */
export const momentsJSON = ({header}: Recording, rows: readonly MomentRow[]): object => ({
  schema: 'memmap.moments/1',
  process: header.process,
  startedAt: header.startedAt,
  moments: rows.map(({moment: {index, t, at, look, since, event, marks, hasUsage}, regions, size, rss}) => ({
    index, t, at, look, since, event, marks: marks.length > 0 ? marks : undefined, hasUsage, regions, size, rss,
  })), // prettier-ignore
});
