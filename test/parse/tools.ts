import type {Kind} from '../../src/model/kind.ts';
import type {Region} from '../../src/model/region.ts';

/** A region as a test expects it. Without `kind`, what it is for isn't compared. */
export type Expected = Omit<Region, 'kind'> & {readonly kind?: Kind};

/** An anonymous region, but for what is said. */
export const region = (range: string, perms: string, rest: Partial<Expected> = {}): Expected => ({
  start: Number.parseInt(range.split('-')[0]!, 16),
  end: Number.parseInt(range.split('-')[1]!, 16),
  perms,
  offset: 0,
  dev: '00:00',
  inode: '0',
  name: '',
  nameBase64: undefined,
  usage: undefined,
  flags: undefined,
  attributes: undefined,
  ...rest,
});

/** Bytes from text in which one character is one byte. */
export const bytesOf = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');

/**
 * A line as a 64-bit kernel prints it: a name begins at column 73, or a blank further right; without one ends a blank.
 */
export const line = (head: string, name = ''): string =>
  `${head} ${name === '' ? '' : ' '.repeat(Math.max(0, 72 - head.length)) + name}\n`;

/** Lines of a smaps record, each `Key value`. A value that is digits gets the kernel's width and unit. */
export const counters = (...lines: string[]): string =>
  lines
    .map((text) => {
      const [key, value] = [text.slice(0, text.indexOf(' ')), text.slice(text.indexOf(' ') + 1)];
      return /^\d+$/.test(value) ? `${`${key}:`.padEnd(16)}${value.padStart(8)} kB\n` : `${key}: ${value}\n`;
    })
    .join('');

/** Usage in bytes from numbers of KiB. */
export const kib = (usage: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(usage).map(([key, value]) => [key, value * 1024]));
