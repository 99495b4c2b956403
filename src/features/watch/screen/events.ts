import type {Change, Range} from '../../../model/change.ts';
import {deltaText} from '../../../model/amounts.ts';
import type {CauseNews} from '../../cause/news.ts';
import {causeText} from '../../cause/text.ts';
import {roleOf, signOf} from '../../../text/changes.ts';
import type {Role} from '../../../text/theme.ts';

/** When: ms since the watch began, and the local time of day. */
interface When {
  readonly ms: number;
  readonly time: string;
}

/** One line of what happened. Its text contains names from outside, and is made safe when it is drawn. */
export interface FrameEvent extends When {
  readonly sign: string;
  readonly word: string;
  readonly role: Role;
  readonly range?: Range | undefined;
  readonly text: string;
  /** Which calls did it. */
  readonly cause?: string | undefined;
  /** Present where the line covers all that was touched in one sample, or in several with nothing else between. */
  readonly touched?: Touched;
}

interface Touched {
  readonly looks: number;
  /** The most in one sample. */
  readonly regions: number;
  readonly rss: number;
  readonly anonymous: number;
  readonly swap: number;
}

/** At most this many events are kept. */
export const MOST_EVENTS = 1000;

/**
 * Adds what one sample saw. A busy process touches memory in every sample. So that this doesn't drive out everything
 * else, it has one line, which is updated until something else happens.
 *
 * @param events the newest last
 */
export function withChanges(
  events: readonly FrameEvent[],
  changes: readonly Change[],
  when: When,
  news?: CauseNews,
): readonly FrameEvent[] {
  if (changes.length === 0) return events;
  const touches = changes.filter(({kind}) => kind === 'touched');
  const others = changes.filter(({kind}) => kind !== 'touched').slice(-MOST_EVENTS);
  const last = others.length === 0 ? events.at(-1) : undefined;
  const kept = last?.touched && touches.length > 0 ? events.slice(0, -1) : events;
  const touched = touches.length === 0 ? [] : [touchedEvent(touches, last?.touched, when)];
  return [
    ...kept,
    ...touched,
    ...others.map((change) => ({...changeEvent(change, when), cause: causeText(news, change)})),
  ].slice(-MOST_EVENTS);
}

const changeEvent = ({kind, range, text}: Change, when: When): FrameEvent => ({
  ...when,
  sign: signOf(kind),
  word: kind,
  role: roleOf(kind),
  range,
  text,
});

function touchedEvent(changes: readonly Change[], earlier: Touched | undefined, when: When): FrameEvent {
  const [first] = changes as [Change];
  const sum = (counter: 'rss' | 'anonymous' | 'swap'): number =>
    changes.reduce((total, {delta}) => total + (delta[counter] ?? 0), earlier?.[counter] ?? 0);
  const touched = {
    looks: 1 + (earlier?.looks ?? 0),
    regions: Math.max(changes.length, earlier?.regions ?? 0),
    rss: sum('rss'),
    anonymous: sum('anonymous'),
    swap: sum('swap'),
  };
  const isOne = touched.looks === 1 && changes.length === 1;
  const text = isOne ? first.text : touchedText(touched);
  return {...changeEvent(first, when), range: isOne ? first.range : undefined, text, touched};
}

function touchedText({looks, regions, rss, anonymous, swap}: Touched): string {
  const where = regions === 1 ? 'one region' : `${looks > 1 ? 'up to ' : ''}${regions} regions`;
  const when = looks > 1 ? `, in ${looks} samples` : '';
  const parts = [
    rss !== 0 && `resident ${deltaText(rss)}`,
    anonymous !== 0 && `anonymous ${deltaText(anonymous)}`,
    swap !== 0 && `swap ${deltaText(swap)}`,
  ].filter(Boolean);
  return `pages came or went in ${where}${when}: ${parts.length > 0 ? parts.join(', ') : 'no net change'}.`;
}
