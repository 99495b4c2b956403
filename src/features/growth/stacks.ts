import type {Frames} from '../cause/fold.ts';
import {type RecordedKept, recordedKept} from '../cause/recorded/kept.ts';
import {recordedLoss} from '../cause/recorded/loss.ts';
import {shareText} from '../cause/text.ts';
import type {Points} from '../../history/series.ts';
import {counted} from '../../model/amounts.ts';
import {Trouble} from '../../model/trouble.ts';
import type {Recording} from '../../recording/recording.ts';
import {byMovement, type Growth, type GrowthLine, lineOf} from './growth.ts';

/**
 * What is mapped and still there, by the call stack that mapped it: address space, to the byte, at each look. `size` is
 * its measure, and its total is all that is mapped.
 */
export interface StackGrowth extends Growth {
  readonly stacks: readonly GrowthLine[];
  /** Memory calls that were lost: what they did is in no stack, or in another. Null if that is not known. */
  readonly lost: number | null;
}

/** At most this many stacks are judged: those that moved most. */
const MOST_STACKS = 200;

/** A time, and the look that was taken at it. */
export interface LookTime {
  readonly look: number;
  /** ms */
  readonly t: number;
}

/** Steps: the index of a look, and the bytes that there are from then on. */
type Steps = Array<readonly [at: number, bytes: number]>;

/**
 * Judges what each stack of a recording keeps.
 *
 * @param looks of the last program, in order
 * @param least a movement of fewer bytes doesn't matter
 * @throws Trouble `input` where the recording has no memory calls
 */
export function stackGrowthOf(
  recording: Recording,
  name: string,
  looks: readonly LookTime[],
  {least, frames}: {readonly least: number; readonly frames: Frames},
): StackGrowth {
  const kept = recordedKept(recording, name);
  if (kept.length === 0) throw noStacks(name);
  const steps = stepsOf(kept, looks, frames);
  const t = looks.map((look) => look.t);
  const watched = {from: t[0] ?? 0, to: t.at(-1) ?? 0};
  const hasEnded = recording.end?.reason === 'exit';
  const judged = (about: Pick<GrowthLine, 'of' | 'name'>, v: number[]): GrowthLine =>
    lineOf({t, v} satisfies Points, about, {least, watched, hasEnded});
  const most = [...steps].sort(([, a], [, b]) => movementOf(b) - movementOf(a)).slice(0, MOST_STACKS);
  const total = judged({of: 'total'}, sumOf([...steps.values()], looks.length));
  return {
    measure: 'size',
    asked: 'size',
    totalMeasure: 'size',
    looks: looks.length,
    usageLooks: 0,
    span: watched.to - watched.from,
    least,
    total,
    sum: total,
    kinds: [],
    groups: [],
    regions: [],
    counts: [],
    stacks: most.map(([by, own]) => judged({of: 'stack', name: by}, sumOf([own], looks.length))).sort(byMovement),
    lost: recordedLoss(recording, name),
  };
}

/** What a reader should know of the stacks, a sentence each. */
export function lossNotes({lost}: StackGrowth): string[] {
  if (lost === 0) return [];
  const many =
    lost === null
      ? 'How many memory calls were lost is not known'
      : `${counted(lost, 'memory call')} ${lost === 1 ? 'was' : 'were'} lost`;
  return [`${many}: what they mapped or released is put down to nobody, so a stack may have more or less.`];
}

/** By stack, as it is shown: how much it kept, from which look on. */
function stepsOf(kept: readonly RecordedKept[], looks: readonly LookTime[], frames: Frames): Map<string, Steps> {
  const steps = new Map<string, Steps>();
  /** What each share has now; several may be shown as one. */
  const shares = new Map<string, {readonly by: string; readonly bytes: number}>();
  const sums = new Map<string, number>();
  const put = (key: string, by: string, bytes: number): void => {
    sums.set(by, (sums.get(by) ?? 0) + bytes - (shares.get(key)?.bytes ?? 0));
    shares.set(key, {by, bytes});
  };
  let at = 0;
  for (const [index, {look}] of looks.entries()) {
    const changed = new Set<string>();
    for (; at < kept.length && kept[at]!.look <= look; at++) {
      const line = kept[at]!;
      if (line.isWhole) {
        for (const [key, {by}] of shares) {
          put(key, by, 0);
          changed.add(by);
        }
        shares.clear();
      }
      for (const share of line.shares) {
        const by = shareText(share, frames);
        put(`${share.name} ${share.stack?.id ?? ''}`, by, share.kept);
        changed.add(by);
      }
    }
    for (const by of changed) {
      const own = steps.get(by) ?? [];
      own.push([index, sums.get(by)!]);
      steps.set(by, own);
    }
  }
  return steps;
}

/** How far it moved, up or down, from its least to its most. */
function movementOf(steps: Steps): number {
  const values = steps.map(([, bytes]) => bytes);
  const begin = steps[0]?.[0] === 0 ? values[0]! : 0;
  const [low, high] = [Math.min(begin, ...values), Math.max(begin, ...values)];
  return high - low;
}

/** What several have together, at each look. */
function sumOf(all: readonly Steps[], looks: number): number[] {
  const rises = Array.from({length: looks}, () => 0);
  for (const steps of all) {
    let before = 0;
    for (const [at, bytes] of steps) {
      rises[at]! += bytes - before;
      before = bytes;
    }
  }
  let sum = 0;
  return rises.map((rise) => (sum += rise));
}

const noStacks = (name: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot see growth by stack in ${name}.`,
    why: 'it has no memory calls: it was recorded without --cause.',
    next: 'Make such a recording: memmap record PID --cause -o FILE, or: memmap run --cause --record FILE -- COMMAND',
  });
