import type {Change} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {CauseTrace} from './cause.ts';
import type {Between} from './explain.ts';
import type {CauseNews, Explained} from './news.ts';

/**
 * Had it ended while it was looked at? What the kernel then takes back is no call's. The first thread alone may have
 * ended too.
 */
const isOver = ({process: {state, threads}, status}: Snapshot): boolean =>
  (state ?? status['state']) === 'Z' && (threads ?? 1) <= 1;

/** Of what a watch tells, what matters here. */
interface Told {
  readonly event: string;
  readonly snapshot?: Snapshot | undefined;
  readonly changes?: readonly Change[] | undefined;
  readonly lookedAt?: Between | undefined;
}

/**
 * Adds to the events of a watch what memory calls there were, and whose the changes are. It ends the trace when the
 * events end.
 *
 * @param events compared ones, the first of them a `start`
 */
export async function* withCauses<Event extends Told>(
  events: AsyncIterable<Event>,
  trace: CauseTrace,
): AsyncGenerator<Event & {cause?: CauseNews}, void> {
  const since = {maps: 0, flags: 0};
  let isOpen = false;
  try {
    for await (const event of events) {
      const {snapshot, lookedAt, changes} = event;
      let of: ReadonlyMap<Change, Explained> | undefined;
      if (snapshot && lookedAt) {
        if (!isOpen) trace.begin(snapshot, lookedAt.began);
        else if (event.event === 'exec') await trace.exec(snapshot, lookedAt);
        else if (changes) of = await trace.explain(changes, {...lookedAt, snapshot}, since, isOver(snapshot));
        else trace.look({...lookedAt, snapshot});
        isOpen = true;
        since.maps = lookedAt.began;
        if (snapshot.source.format === 'smaps' || event.event === 'exec') since.flags = lookedAt.began;
      }
      if (event.event === 'exit') await trace.settle();
      yield {...event, cause: await trace.news(of, event.event === 'end')};
    }
  } finally {
    await trace.close();
  }
}
