import {counted} from '../model/amounts.ts';
import {Trouble} from '../model/trouble.ts';
import {integer, object, string} from '../model/json.ts';
import {CUT, type MomentIndex} from './index.ts';
import type {RecordingSource} from './source.ts';

/** The last line of a recording that ended properly. */
export interface RecordingEnd {
  /** ms since the beginning. */
  readonly t: number;
  /** `exit`: the process ended; `count` or `for`: a limit was reached; a signal's name; `quit`. */
  readonly reason: string;
  /** How often the process was looked at. */
  readonly looks: number;
  /** Bytes of all listings that the kernel gave: what a copy of each would have taken. */
  readonly listings: number;
  /** What looking cost; times in ms. */
  readonly cost: Readonly<Record<string, number>>;
}

export function endOf({endAt}: MomentIndex, source: RecordingSource): RecordingEnd | undefined {
  if (!endAt) return undefined;
  try {
    const json = object(JSON.parse(source.read(endAt.offset, endAt.length).toString('utf8')), 'end');
    return {
      t: integer(json['t'], 't'),
      reason: string(json['reason'], 'reason'),
      looks: integer(json['look'], 'look'),
      listings: integer(json['listings'], 'listings'),
      cost: object(json['cost'], 'cost') as RecordingEnd['cost'],
    };
  } catch (error) {
    if (error instanceof Trouble || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What must be said of a recording that isn't as a recorder leaves it. */
export function notesOn(index: MomentIndex, end: RecordingEnd | undefined, damage: string | undefined): string[] {
  const notes: string[] = [];
  if (index.unusable > 0)
    notes.push(
      `After a line that could not be used, ${counted(index.unusable, 'more line')} could not be used ` +
        `either: ${index.unusable === 1 ? 'it says only' : 'they say only'} what differs from it.`,
    );
  const isCut = index.rejected.at(-1)?.why === CUT;
  if (!end && (isCut || !index.isBroken)) {
    const torn = isCut ? 'its last line is cut off' : damage;
    notes.push(
      `The recording has no end${torn ? `, and ${torn}` : ''}: it is still being made, or its recorder was ` +
        `killed, or it was cut. What is there was used.`,
    );
  } else if (damage) notes.push(`The recording is damaged: ${damage}.`);
  return notes;
}
