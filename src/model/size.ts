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
