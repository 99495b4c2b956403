import {counted} from '../../model/amounts.ts';
import {chooseChanges, chooseRegions, isAll, sortChanges, type Choice, type SortKey} from '../../model/choose.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {Sink, WatchEvent} from './events.ts';

/** Tells a sink of changes only where a chosen region is concerned, those of one sample in the order asked for. */
export function chosenOnly(sink: Sink, choice: Choice, sort: SortKey | undefined): Sink {
  if (isAll(choice) && sort === undefined) return sink;
  return {
    tell: (event) => sink.tell(chosenEvent(event, choice, sort)),
    abandon: () => sink.abandon?.(),
  };
}

/** A sample in which nothing that is chosen changed is a `look`. */
function chosenEvent(event: WatchEvent, choice: Choice, sort: SortKey | undefined): WatchEvent {
  if (event.event !== 'change') return event;
  const chosen = chooseChanges(event.changes, choice);
  const changes = sort === undefined ? chosen : sortChanges(chosen, sort);
  if (changes.length > 0) return {...event, changes};
  const {changes: _, delta: __, ...look} = event;
  return {...look, event: 'look'};
}

/**
 * A snapshot's document with the chosen regions alone. Its totals are those of the whole process, and a note says so.
 */
export function chosenDocument(snapshot: Snapshot, choice: Choice): Record<string, unknown> {
  const document = snapshot.document();
  if (isAll(choice)) return document;
  const regions = chooseRegions(snapshot.regions, choice);
  const note = `Chosen: ${howMany(snapshot, regions.length)}; totals and deltas are of the whole process.`;
  return {...snapshot.withRegions(regions, note).document(), totals: document['totals']};
}

/** The sentence that says of the lines of a watch what is left out; '' where nothing is. */
export const chosenText = (snapshot: Snapshot, choice: Choice): string =>
  isAll(choice)
    ? ''
    : ` Chosen: ${howMany(snapshot, chooseRegions(snapshot.regions, choice).length)}; only their changes are told, ` +
      'and totals are of the whole process.';

const howMany = ({regions}: Snapshot, chosen: number): string => `${chosen} of ${counted(regions.length, 'region')}`;
