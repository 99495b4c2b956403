import {Trouble} from '../../model/trouble.ts';
import type {Recording} from '../../recording/recording.ts';
import {behindFile, momentNamed} from '../../input/moment.ts';

/**
 * The moments from `--from` to `--to`, written like those after a file's name: `12`, `first`, a mark's name, `+30s`,
 * `14:03:20`.
 *
 * @throws Trouble `input`, `usage`
 */
export function rangeOf(
  recording: Recording,
  file: string,
  {from, to}: {readonly from: string; readonly to: string},
): {from: number; to: number} {
  const [first, last] = [from, to].map((name) => momentNamed(recording, file, behindFile(name)).index) as [
    number,
    number,
  ];
  if (first <= last) return {from: first, to: last};
  throw new Trouble({
    kind: 'usage',
    what: `Moment ${from} is after moment ${to}.`,
    why: 'a replay runs forward.',
    next: 'Give the earlier one with --from.',
  });
}

/** @throws Trouble `usage` */
export function speedOf(text: string | undefined): number | undefined {
  const speed = text === undefined ? undefined : Number(/^(\d+(?:\.\d+)?)x?$/.exec(text)?.[1] ?? NaN);
  if (speed === undefined || speed > 0) return speed;
  throw new Trouble({
    kind: 'usage',
    what: `"${text}" is not a speed.`,
    why: 'it must be a positive number: how many times as fast as recorded to play.',
    next: 'For example: 4, 0.5',
  });
}
