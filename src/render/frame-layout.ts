/** How many lines each part of the screen has. They don't depend on what is shown, so that nothing jumps. */
export interface Layout {
  readonly head: number;
  readonly events: number;
  /** Rows of regions, without the two lines above them; 0: there is no table. */
  readonly rows: number;
  readonly foot: number;
  /** A blank line between the parts. */
  readonly gap: number;
}

const TABLE_HEAD = 2;
/** A table with fewer rows says less than as many events. */
const FEWEST_ROWS = 3;
const MOST_EVENT_LINES = 8;

/** @param height lines of the terminal, at least 1 */
export function layoutOf(height: number): Layout {
  const foot = height >= 4 ? 1 : 0;
  const gap = height >= 20 ? 1 : 0;
  const head = Math.min(height, height >= 20 ? 4 : height >= 10 ? 3 : height >= 5 ? 2 : 1);
  const rest = height - head - foot;
  const events = Math.min(MOST_EVENT_LINES, Math.max(2, Math.floor((rest - 2 * gap) / 4)));
  const rows = rest - events - TABLE_HEAD - 2 * gap;
  return rows >= FEWEST_ROWS ? {head, events, rows, foot, gap} : {head, events: rest, rows: 0, foot, gap: 0};
}
