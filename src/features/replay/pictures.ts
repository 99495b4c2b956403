import type {Change} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {
  execPicture,
  firstPicture,
  lastPicture,
  nextPicture,
  type Picture,
  type Sight,
} from '../watch/screen/picture.ts';
import {diffInPlace} from '../../diff/diff.ts';
import {Compare} from '../../history/compare.ts';
import type {Recording} from '../../recording/recording.ts';
import {clockTime} from '../watch/tell.ts';

/** As many pictures are kept, so that stepping back is quick. */
const KEPT = 200;

/** What is seen of the moments before one that was jumped to: at most so many, of so many regions in all. */
const MOST_BEFORE = 60;
const MOST_REGIONS = 200_000;

interface Shown {
  readonly picture: Picture;
  readonly compare: Compare;
}

/** The pictures of a recording's moments, as the live screen would have had them. Growth is counted from the first one. */
export class Pictures {
  readonly #recording: Recording;
  readonly #from: number;
  readonly #kept = new Map<number, Shown>();

  constructor(recording: Recording, from: number) {
    this.#recording = recording;
    this.#from = from;
  }

  at(index: number): Picture {
    const seen = this.#kept.get(index);
    if (seen) return seen.picture;
    const before = [...this.#kept.keys()].filter((each) => each < index).reduce((a, b) => Math.max(a, b), -1);
    if (before < 0 || index - before > this.#atOnce(index)) return this.#jump(index).picture;
    return this.#through(before, index).picture;
  }

  /** How many moments can be gone through without anybody waiting. */
  #atOnce(index: number): number {
    const {length} = this.#recording.snapshot(index).regions;
    return Math.min(KEPT, Math.max(2, Math.floor(MOST_REGIONS / Math.max(1, length))));
  }

  /** From a moment that was seen, moment by moment. */
  #through(seen: number, index: number): Shown {
    for (let each = seen + 1; each < index; each++) this.#after(each - 1, each);
    return this.#after(index - 1, index);
  }

  /** Goes on from the moment before, which was seen. */
  #after(before: number, index: number): Shown {
    const last = this.#kept.get(before)!;
    const {event} = this.#recording.moment(index);
    const snapshot = this.#recording.snapshot(index);
    const compare = last.compare.copy();
    if (event === 'exec') compare.restart(snapshot);
    const {changes} = event === undefined ? compare.next(snapshot) : {changes: []};
    return this.#keep(index, {picture: this.#next(last.picture, index, changes), compare});
  }

  #next(picture: Picture, index: number, changes: readonly Change[]): Picture {
    const {event, t, at} = this.#recording.moment(index);
    const sight = this.#sight(index, this.#recording.snapshot(index));
    if (event === 'exec') return execPicture(picture, sight);
    if (event === 'exit') return lastPicture(picture, t, clockTime(new Date(at)));
    return nextPicture(picture, {...sight, changes});
  }

  #sight(index: number, snapshot: Snapshot): Omit<Sight, 'changes'> {
    const {t, at} = this.#recording.moment(index);
    return {snapshot, status: snapshot.status, ms: t, time: clockTime(new Date(at))};
  }

  /** From the beginning of the program at once to shortly before, and from there moment by moment. */
  #jump(index: number): Shown {
    const start = this.#programStart(index);
    const first = this.#recording.snapshot(start);
    const near = Math.max(start, index - Math.min(MOST_BEFORE, this.#atOnce(index)));
    const compare = new Compare(first, diffInPlace);
    let picture = firstPicture(this.#sight(start, first));
    if (near > start) {
      const snapshot = this.#recording.snapshot(near);
      const {changes} = compare.next(snapshot);
      // What was long ago didn't happen here: it counts as growth, and is not among the events.
      const next = nextPicture(picture, {...this.#sight(near, snapshot), changes});
      picture = {...next, events: [], history: next.history.slice(-1)};
    }
    const seen = this.#keep(near, {picture, compare});
    return near === index ? seen : this.#through(near, index);
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
