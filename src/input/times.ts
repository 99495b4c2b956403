/** How the name of a file may say when it was made, the form that says most first. All times in ms. */
const FORMS: ReadonlyArray<(name: string) => number | undefined> = [dateIn, epochIn, clockIn, spanIn];

/**
 * When each of several files was made, by their names: a date with a time of day, seconds since 1970, a time of day
 * alone, or a length of time (`30s`, `5min`). Only how far they are apart matters.
 *
 * @returns ms; undefined if one of the names says nothing, or two say the same
 */
export function timesIn(names: readonly string[]): number[] | undefined {
  for (const form of FORMS) {
    const times = names.map(form);
    if (times.every((time) => time !== undefined) && new Set(times).size === names.length) return times;
  }
  return undefined;
}

/** `2026-01-31T14:03:20`, `20260131-140320`, `2026-01-31_14.03`: a time of day of the place where it was written. */
function dateIn(name: string): number | undefined {
  const match =
    /(?<!\d)(\d{4})[-_.]?([01]\d)[-_.]?([0-3]\d)[T_\s.-]?([0-2]\d)[-_:.]?([0-5]\d)(?:[-_:.]?([0-5]\d)(?:\.(\d{1,3}))?)?(?!\d)/.exec(
      name,
    );
  if (!match) return undefined;
  const [year, month, day, hour, minute, second = 0, part = 0] = match.slice(1).map((text) => Number(text ?? 0));
  return Date.UTC(year!, month! - 1, day, hour, minute, second, part);
}

/** Seconds or milliseconds since 1970, from 2001 on. */
function epochIn(name: string): number | undefined {
  const match = /(?<!\d)(\d{10})(\d{3})?(?:\.(\d{1,3}))?(?!\d)/.exec(name);
  return match ? Number(match[1]) * 1000 + Number(match[2] ?? (match[3] ?? '0').padEnd(3, '0')) : undefined;
}

/** `14:03:20`, `14-03-20`. */
function clockIn(name: string): number | undefined {
  const match = /(?<!\d)([0-2]\d)[-_:.]([0-5]\d)[-_:.]([0-5]\d)(?!\d)/.exec(name);
  return match ? (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000 : undefined;
}

const UNITS: Readonly<Record<string, number>> = {ms: 1, s: 1000, sec: 1000, m: 60_000, min: 60_000, h: 3_600_000};

function spanIn(name: string): number | undefined {
  const match = /(?<![\d.a-z])(\d+(?:\.\d+)?)(ms|sec|s|min|m|h)(?![a-z])/i.exec(name);
  return match ? Number(match[1]) * UNITS[match[2]!.toLowerCase()]! : undefined;
}

/**
 * A file that says when each of several files was made: a line for each, its name and a time, in either order. A time
 * is a date with a time of day, or a number of seconds.
 *
 * @returns ms by name; undefined for a name of which it says nothing, or no time
 */
export function parseTimes(text: string): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^\s*(\S+)\s+(\S.*?)\s*$/.exec(line);
    if (!match) continue;
    const [first, second] = [match[1]!, match[2]!];
    const [after, before] = [timeOf(second), timeOf(first)];
    if (after !== undefined) times.set(first, after);
    else if (before !== undefined) times.set(second, before);
  }
  return times;
}

function timeOf(text: string): number | undefined {
  if (/^\+?\d+(\.\d+)?s?$/.test(text)) return Number.parseFloat(text) * 1000;
  const date = /^\d{4}-\d\d-\d\d[T ]\d/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : date;
}
