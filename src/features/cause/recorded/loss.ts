import {object} from '../../../model/json.ts';
import type {Recording} from '../../../recording/recording.ts';
import {causeLines, reading} from './recorded.ts';

/**
 * How many memory calls a recording lost, of all times that it was recorded.
 *
 * @returns null where that isn't known: its helper was killed, or it breaks off
 * @throws Trouble `input`
 */
export const recordedLoss = (recording: Recording, name: string): number | null =>
  reading(name, () => {
    let lost: number | null = 0;
    if (!recording.end) return null;
    for (const {json} of causeLines(recording, 'end')) {
      const {lost: own} = json['cause'] === undefined ? {lost: 0} : object(json['cause'], 'cause');
      lost = lost === null || typeof own !== 'number' ? null : lost + own;
    }
    return lost;
  });
