import type {FlameRow} from '../cause/measures.ts';

/** Who mapped and touched how much, by call stack. */
export interface ReportStacks {
  readonly rows: readonly FlameRow[];
  /** One of this many page faults was sampled; undefined where none were. */
  readonly every: number | undefined;
}

/** What a report says of memory calls; sentences are about the whole, and notes about what isn't known. */
export interface ReportCauses {
  /** Undefined where the recording has no memory calls. */
  readonly stacks: ReportStacks | undefined;
  readonly sentences: readonly string[];
  readonly notes: readonly string[];
}

export const NO_CAUSES: ReportCauses = {stacks: undefined, sentences: [], notes: []};
