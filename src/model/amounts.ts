const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/**
 * Bytes for people: `4 KiB`, `1.4 MiB`. Below 1 MiB it is exact, as everything in /proc is whole KiB; above, it is rounded to
 * one decimal, and a whole number has none.
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

/** A length of time for people: `0:07.5`, `12:34`, `3:00:07`. Below a minute in tenths of a second. */
export function timeText(ms: number): string {
  const tenths = Math.floor(ms / 100);
  const seconds = Math.floor(tenths / 10);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  if (hours > 0) return `${hours}:${two(minutes)}:${two(rest)}`;
  return minutes > 0 ? `${minutes}:${two(rest)}` : `0:${two(rest)}.${tenths % 10}`;
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
