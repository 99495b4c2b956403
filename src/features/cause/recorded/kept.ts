import {array, integer, object, string} from '../../../model/json.ts';
import type {Recording} from '../../../recording/recording.ts';
import type {KeptNews} from '../news.ts';
import {causeLines, reading, RecordedStacks} from './recorded.ts';

/** Who had more or less from a look on. */
export interface RecordedKept extends KeptNews {
  /** The number of the look, counted from 1. */
  readonly look: number;
}

/**
 * What is still mapped, by who mapped it, over the time of a recording.
 *
 * @param name of the file
 * @returns in order; nothing where it was recorded without --cause
 * @throws Trouble `input`
 */
export const recordedKept = (recording: Recording, name: string): readonly RecordedKept[] =>
  reading(name, () => {
    const stacks = new RecordedStacks();
    const kept: RecordedKept[] = [];
    for (const {event, json} of causeLines(recording, 'stack', 'kept')) {
      if (event === 'stack') stacks.add(json);
      else
        kept.push({
          look: integer(json['look'], 'kept.look'),
          isWhole: json['whole'] === true,
          shares: array(json['shares'], 'kept.shares').map((value) => {
            const share = object(value, 'a share');
            return {
              name: string(share['name'], 'share.name'),
              stack: stacks.of(share['stack']),
              kept: integer(share['kept'], 'share.kept'),
            };
          }),
        });
    }
    return kept;
  });
