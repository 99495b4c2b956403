import {rangeText} from '../../../model/region.ts';
import type {FrameEvent} from './events.ts';
import {lineOf, type Piece} from '../../../text/lines.ts';
import type {FrameState} from './view.ts';
import {safe} from '../../../text/safe.ts';
import type {Age} from '../../../text/theme.ts';

/** Ages in ms: up to FRESH an event is bright, up to RECENT it is plain, and then it is dim. */
const FRESH = 2000;
const RECENT = 15_000;

/** How old an event is that happened at `ms`. What the latest sample saw is always fresh, however long the interval. */
export function ageOf(ms: number, now: number): Age {
  const age = now - ms;
  return age < FRESH ? 'fresh' : age < RECENT ? 'recent' : 'old';
}

/** What happened, the newest first. The sign says what the colour says. */
export function logLines({picture}: FrameState, width: number, count: number): string[] {
  const {events, ms} = picture;
  if (events.length === 0) return [lineOf([{text: 'No changes so far.', role: 'quiet'}], width)].slice(0, count);
  return events
    .slice(-Math.max(1, count))
    .reverse()
    .flatMap((event) => [
      lineOf(pieces(event, ageOf(event.ms, ms), width), width),
      ...(event.cause ? [lineOf([{text: `    ${safe(event.cause)}`, role: 'quiet'}], width)] : []),
    ])
    .slice(0, count);
}

const WORD_WIDTH = 11;

/** The sentence says everything; time, range and kind of change precede it where there is room. */
function pieces({time, sign, word, role, range, text}: FrameEvent, age: Age, width: number): Piece[] {
  const when: Piece[] = width < 40 ? [] : [{text: `${width < 80 ? time.slice(0, 8) : time}  `, role: 'quiet'}];
  const what: Piece = {text: width < 120 ? `${sign} ` : `${sign} ${word.padEnd(WORD_WIDTH)}  `, role, age};
  const where: Piece[] = width < 90 || !range ? [] : [{text: `${rangeText(range)}  `, role, age}];
  return [...when, what, ...where, {text: safe(text), age}];
}
