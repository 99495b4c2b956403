/** What a stack has, in bytes: what is still there, was there at the peak, was ever mapped, and became resident. */
export const FLAME_MEASURES = ['kept', 'peak', 'mapped', 'touched'] as const;

export type FlameMeasure = (typeof FLAME_MEASURES)[number];

/** A stack with its bytes by each measure: functions from the outermost inwards. */
export type FlameRow = {readonly path: readonly string[]} & Readonly<Record<FlameMeasure, number>>;
