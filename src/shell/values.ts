import {Trouble} from '../model/trouble.ts';

const MS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000};

/** `500ms`, `10s`, `1.5m`, `2h`; a bare number is seconds. In ms. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)?$/.exec(text.trim());
  const ms = match ? Number(match[1]) * MS[match[2] ?? 's']! : NaN;
  if (ms > 0 && Number.isFinite(ms)) return ms;
  throw new Trouble({
    kind: 'usage',
    what: `"${text}" is not a length of time.`,
    why: 'it must be a number above 0 followed by ms, s, m or h; without one of them it is seconds.',
    next: 'For example: 500ms, 10s, 2m',
  });
}

const BYTES: Readonly<Record<string, number>> = {B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4};

/** `64K`, `1.5MiB`, `2GB` (all powers of 1024, as in /proc); a bare number is bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([BKMGT])?(?:i?B)?$/i.exec(text.trim());
  if (match) return Number(match[1]) * BYTES[(match[2] ?? 'B').toUpperCase()]!;
  throw new Trouble({
    kind: 'usage',
    what: `"${text}" is not a size.`,
    why: 'it must be a number followed by K, M or G, or a number of bytes.',
    next: 'For example: 64K, 1.5M, 2G',
  });
}

/** `2` or `2%` is 0.02. */
export function parsePercent(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim());
  const part = match ? Number(match[1]) / 100 : NaN;
  if (part >= 0 && part <= 1) return part;
  throw new Trouble({
    kind: 'usage',
    what: `"${text}" is not a percentage.`,
    why: 'it must be a number from 0 to 100.',
    next: 'For example: 2, 0.5, 0',
  });
}
