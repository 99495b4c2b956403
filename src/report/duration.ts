/** How long something took, for people: `0.8 s`, `42 s`, `5 min 2 s`, `2 h 10 min`. */
export function durationText(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours === 0) return withRest(minutes, 'min', seconds % 60, 's');
  return withRest(hours, 'h', minutes % 60, 'min');
}

const withRest = (whole: number, unit: string, rest: number, small: string): string =>
  rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${small}`;
