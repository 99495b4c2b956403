import type {Moment} from '../../model/moment.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {firstPicture, type Picture, pictureAfter} from '../watch/screen/picture.ts';
import type {Recording} from '../../recording/recording.ts';
import {comparedWith} from '../watch/watch.ts';
import type {RecordedCauses} from '../cause/recorded/replayed.ts';
import {eventAt, startAt, withCause} from './replay.ts';
import {diffInPlace} from '../../diff/diff.ts';
import {Compare} from '../../history/compare.ts';

/** At most this many pictures are kept, so that stepping back is quick. */
const KEPT = 200;

/** After a jump, at most this many moments before the target are read for its events, with this many regions in all. */
const MOST_BEFORE = 60;
const MOST_REGIONS = 200_000;

interface Shown {
  readonly picture: Picture;
  readonly compare: Compare;
}

/** The pictures of a recording's moments, as a live screen would have shown them. Growth counts from the first one. */
export class Pictures {
  readonly #recording: Recording;
  readonly #from: number;
  readonly #causes: RecordedCauses | undefined;
  readonly #kept = new Map<number, Shown>();

  constructor(recording: Recording, from: number, causes?: RecordedCauses) {
    this.#recording = recording;
    this.#from = from;
    this.#causes = causes;
  }

  at(index: number): Picture {
    const seen = this.#kept.get(index);
    if (seen) return seen.picture;
    const before = [...this.#kept.keys()].filter((each) => each < index).reduce((a, b) => Math.max(a, b), -1);
    if (before < 0 || index - before > this.#atOnce(index)) return this.#jump(index).picture;
    return this.#through(before, index).picture;
  }

  /** How many moments can be gone through without a noticeable wait. */
  #atOnce(index: number): number {
    const {length} = this.#recording.snapshot(index).regions;
    return Math.min(KEPT, Math.max(2, Math.floor(MOST_REGIONS / Math.max(1, length))));
  }

  /** From a moment that is kept, moment by moment. */
  #through(seen: number, index: number): Shown {
    for (let each = seen + 1; each < index; each++) this.#after(each - 1, each);
    return this.#after(index - 1, index);
  }

  /** Continues from the moment before, which is kept. */
  #after(before: number, index: number): Shown {
    const last = this.#kept.get(before)!;
    const compare = last.compare.copy();
    const event = withCause(comparedWith(compare, eventAt(this.#recording, ...this.#moment(index))), this.#causes);
    return this.#keep(index, {picture: pictureAfter(last.picture, event), compare});
  }

  #moment(index: number): [Moment, Snapshot] {
    return [this.#recording.moment(index), this.#recording.snapshot(index)];
  }

  /** From the beginning of the program straight to shortly before, and from there moment by moment. */
  #jump(index: number): Shown {
    const start = this.#programStart(index);
    const near = Math.max(start, index - Math.min(MOST_BEFORE, this.#atOnce(index)));
    const first = startAt(this.#recording, ...this.#moment(start));
    const compare = new Compare(first, diffInPlace);
    let picture = firstPicture(first);
    // With what smaps had said last by then.
    for (const at of new Set([this.#measured(start, near), near])) {
      if (at === start) continue;
      const event = comparedWith(compare, eventAt(this.#recording, ...this.#moment(at)));
      // What changed long before didn't happen at this moment: it counts as growth, and is not among the events.
      const next = pictureAfter(picture, event);
      picture = {...next, events: [], history: next.history.slice(-1)};
    }
    const seen = this.#keep(near, {picture, compare});
    return near === index ? seen : this.#through(near, index);
  }

  /** The last moment at which smaps was read; `start` if there is none after it. */
  #measured(start: number, near: number): number {
    for (let at = near; at > start; at--) if (this.#recording.moment(at).hasUsage) return at;
    return start;
  }

  #programStart(index: number): number {
    for (let at = index; at > this.#from; at--) if (this.#recording.moment(at).event === 'exec') return at;
    return this.#from;
  }

  #keep(index: number, seen: Shown): Shown {
    this.#kept.set(index, seen);
    if (this.#kept.size > KEPT + MOST_BEFORE) this.#kept.delete(this.#kept.keys().next().value!);
    return seen;
  }
}
