const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/**
 * Bytes for people: `4 KiB`, `1.4 MiB`. Below 1 MiB it is exact, as everything in /proc is whole KiB; above, it is
 * rounded to one decimal, and a whole number has none.
 */
export function sizeText(bytes: number): string {
  const magnitude = Math.abs(bytes);
  if (magnitude < 1024) return bytes === 0 ? '0' : `${bytes} B`;
  let value = magnitude / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  const digits = unit === 0 && Number.isInteger(value) ? String(value) : value.toFixed(1).replace(/\.0$/, '');
  return `${bytes < 0 ? '−' : ''}${digits} ${UNITS[unit]}`;
}

/** A difference for people, always with its sign: `+4 KiB`, `−1.4 MiB`, `0`. */
export const deltaText = (bytes: number): string => (bytes > 0 ? `+${sizeText(bytes)}` : sizeText(bytes));

/** A number of things for people: `65,530`. */
export const countText = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 region`, `44 regions`, `65,530 regions`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`;

/** Tenths of a second are shown below this many seconds. */
const TENTHS_BELOW = {never: 0, minute: 60, always: Infinity} as const;

/** A time as a clock shows it: `0:07.5`, `12:34`, `3:00:07`. It is not rounded: what is shown has passed. */
export function timeText(ms: number, tenths: keyof typeof TENTHS_BELOW = 'minute'): string {
  const all = Math.floor(ms / 100);
  const seconds = Math.floor(all / 10);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  const end = seconds < TENTHS_BELOW[tenths] ? `${two(rest)}.${all % 10}` : two(rest);
  return hours > 0 ? `${hours}:${two(minutes)}:${end}` : `${minutes}:${end}`;
}

/** A length of time in its largest unit alone: `2.5 s`, `4 min`, `1.5 h`. Two minutes are 120 s, two hours 120 min. */
export function spanText(ms: number): string {
  const [value, unit] = ms < 120_000 ? [ms / 1000, 's'] : ms < 7_200_000 ? [ms / 60_000, 'min'] : [ms / 3_600_000, 'h'];
  return `${value.toFixed(value < 10 ? 1 : 0).replace(/\.0$/, '')} ${unit}`;
}

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
