import {diff} from '../../src/diff/diff.ts';
import {regionFacts} from '../../src/features/explain/region.ts';
import {storyOf} from '../../src/features/explain/story.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {renderDiff} from '../../src/text/changes.ts';
import {renderRegionFacts, renderStory} from '../../src/features/explain/text.ts';
import {renderDiffPicture} from '../../src/features/map/diff.ts';
import {renderPicture} from '../../src/features/map/map.ts';
import {renderShow} from '../../src/features/show/show.ts';

/** Everything that a snapshot, or two of them, can be shown as. `seed` chooses where there is a choice. */
export const RENDERINGS: ReadonlyArray<(snapshot: Snapshot, other: Snapshot, seed: number) => string> = [
  (snapshot) =>
    renderShow(snapshot, {
      columns: ['range', 'size', 'rss', 'kind', 'flags', 'evidence', 'dev', 'inode', 'name'],
      by: ['kind', 'file'],
      room: true,
      all: true,
    }),
  (snapshot, _, seed) => renderShow(snapshot, {width: 30 + (seed % 60), summary: seed % 2 === 0}),
  (snapshot, other) => renderDiff(diff(other, snapshot)),
  (snapshot, other) => renderDiff(diff(snapshot, other), {width: 60, rows: 10}),
  (snapshot, _, seed) => renderPicture(snapshot, {width: 40 + (seed % 80)}),
  (snapshot, other, seed) => renderDiffPicture(diff(other, snapshot), {width: 40 + (seed % 80)}),
  (snapshot, _, seed) => renderStory(snapshot, storyOf(snapshot, 'input'), 40 + (seed % 80)),
  (snapshot, _, seed) =>
    renderRegionFacts(
      snapshot,
      snapshot.regions.slice(seed % 8, (seed % 8) + 3).map((region) => regionFacts(snapshot.regions, region)),
      [],
    ),
];
