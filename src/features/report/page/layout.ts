/**
 * The columns that the chart and the picture share, in pixels, so that a time is at the same place in both: room for
 * amounts and addresses on the left, the time in the middle, labels on the right. On a narrow page the labels are on
 * the picture.
 */
export interface Columns {
  readonly left: number;
  readonly middle: number;
  readonly right: number;
  readonly isNarrow: boolean;
}

export function columnsIn(width: number): Columns {
  const isNarrow = width < 620;
  const left = isNarrow ? 62 : 112;
  const right = isNarrow ? 6 : Math.min(250, Math.round(width * 0.26));
  return {left, right, middle: Math.max(80, width - left - right), isNarrow};
}
