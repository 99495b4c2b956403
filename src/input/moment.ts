import {Trouble} from '../model/trouble.ts';
import {timeText} from '../model/amounts.ts';
import type {Moment} from '../model/moment.ts';
import type {Recording} from '../recording/recording.ts';
import {parseDuration} from '../shell/values.ts';

/**
 * Which moment of a recording is meant: `#12` by its number, `#first`, `#last`, `#name` by its mark, `@+30s` by the
 * time since it began, `@14:03:20` or `@2026-01-31T14:03:20Z` by the clock on the wall. A time is that of the moment,
 * or of the last one before: until the next one nothing had changed.
 *
 * @param text undefined for the last
 * @throws Trouble `input` if there is no such moment, `usage` if this can't name a moment
 */
export function momentNamed(recording: Recording, file: string, text: string | undefined): Moment {
  const last = recording.count - 1;
  if (text === undefined || text === '#last') return recording.moment(last);
  if (text === '#first') return recording.moment(0);
  const name = text.slice(1);
  if (text.startsWith('@')) return recording.momentAt(timeOf(recording, file, text));
  if (!/^\d+$/.test(name)) return marked(recording, file, name);
  if (Number(name) <= last) return recording.moment(Number(name));
  throw noSuch(file, text, `it has the moments 0 to ${last}.`);
}

/** A moment that was named alone, as it is written after a file: `12` is `#12`, `+30s` is `@+30s`. */
export const behindFile = (text: string): string =>
  /^[#@]/.test(text) ? text : /^\+|:/.test(text) ? `@${text}` : `#${text}`;

function marked(recording: Recording, file: string, name: string): Moment {
  const all = recording.marked();
  const found = all.find(({marks}) => marks.includes(name));
  if (found) return found;
  const names = [...new Set(all.flatMap(({marks}) => marks))];
  const those =
    names.length === 0
      ? 'it has no marks'
      : `its marks are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
  throw noSuch(file, `#${name}`, `${those}; and it has the moments 0 to ${recording.count - 1}, first and last.`);
}

/** ms since the beginning. */
function timeOf(recording: Recording, file: string, text: string): number {
  const name = text.slice(1);
  const t = name.startsWith('+') ? parseDuration(name.slice(1)) : sinceStart(recording, file, name);
  if (t >= 0 && t <= recording.duration) return t;
  throw noSuch(
    file,
    text,
    `it runs from ${recording.timeAt(0)} to ${recording.timeAt(recording.duration)}, ` +
      `${timeText(recording.duration)} in all.`,
  );
}

/**
 * A time in ms since the beginning. It is that of `replay --moments` and of exports: a clock that was set in between
 * doesn't matter.
 */
function sinceStart(recording: Recording, file: string, name: string): number {
  const from = Date.parse(recording.timeAt(0));
  const wall = /^\d{1,2}:\d\d(:\d\d(\.\d+)?)?$/.test(name) ? timeOfDay(name, from) : Date.parse(name);
  if (Number.isNaN(wall))
    throw new Trouble({
      kind: 'usage',
      what: `"${file}@${name}" does not name a moment.`,
      why: 'a time must follow @.',
      next: 'For example: @+30s, @14:03:20, @2026-01-31T14:03:20Z',
    });
  return wall - from;
}

/** The first time after `from` that a clock here shows it; seconds that aren't given count as elapsed. */
function timeOfDay(name: string, from: number): number {
  const [hours = 0, minutes = 0, seconds = 0] = name.split(':').map(Number);
  const day = new Date(from);
  day.setHours(hours, minutes, Math.floor(seconds), Math.round((seconds % 1) * 1000));
  // What is given in whole seconds means that second to its end.
  const wall = day.getTime() + (name.includes('.') ? 0 : name.split(':').length === 2 ? 59_999 : 999);
  return wall < from ? wall + 86_400_000 : wall;
}

const noSuch = (file: string, text: string, why: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `There is no ${file}${text}.`,
    why,
    next: `List all moments with: memmap replay --moments ${file}`,
  });
