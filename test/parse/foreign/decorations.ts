import fc from 'fast-check';
import {bytesOf} from '../tools.ts';

/** What a listing looks like after it went through something. Lines are text, one character a byte. */
export type Dress = (lines: readonly string[]) => Uint8Array;

const joined = (lines: readonly string[], end = '\n'): string => lines.map((line) => line + end).join('');

const each =
  (dress: (line: string, index: number) => string): Dress =>
  (lines) =>
    bytesOf(joined(lines.map(dress)));

const clock = (index: number): string => `05:${String(index % 60).padStart(2, '0')}:07`;

const utf16 = (lines: readonly string[], isLittle: boolean): Uint8Array => {
  const text = `\ufeff${joined(lines, '\r\n')}`;
  const bytes = Buffer.from(text, 'utf16le');
  return isLittle ? bytes : bytes.swap16();
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One decoration after another, by name. */
export const DRESSES: Readonly<Record<string, Dress>> = {
  'nothing at all': each((line) => line),
  'carriage returns': (lines) => bytesOf(joined(lines, '\r\n')),
  'UTF-16LE': (lines) => utf16(lines, true),
  'UTF-16BE': (lines) => utf16(lines, false),
  'numbers of cat -n': each((line, index) => `${String(index + 1).padStart(6)}\t${line}`),
  'numbers of grep -n': each((line, index) => `${index + 1}:${line}`),
  'the file of grep -H': each((line) => `/proc/4242/smaps:${line}`),
  'the prefix of syslog': each((line, index) => `Nov 26 ${clock(index)} host app[4242]: ${line}`),
  'the time of kubectl': each((line, index) => `2026-11-26T${clock(index)}.${index}Z ${line}`),
  'the bar of docker compose': each((line) => `app-1  | ${line}`),
  'the brackets of a logger': each((line, index) => `[${clock(index)}] ${line}`),
  'a mail that is quoted': each((line) => `> ${line}`),
  'a mail that is quoted twice': each((line) => `>> ${line}`),
  'a remark in a script': each((line) => `# ${line}`),
  'colour of each line': each((line) => `\x1b[0;33m${line}\x1b[0m`),
  'JSON lines': each((line) => JSON.stringify({log: `${line}\n`, stream: 'stdout'})),
  'a web page': (lines) => bytesOf(`<pre>${joined(lines.map(escaped))}</pre>\n`),
  'blanks that do not break': (lines) => Buffer.from(joined(lines.map((line) => line.replaceAll(' ', '\u00a0')))),
  'the names wrapped': each((line) => line.replace(/^(\S+ \S+ \S+ \S+ \d+) +(?=[/[])/, '$1\n')),
  'a prompt before it': (lines) => bytesOf(`me@host:~$ cat /proc/4242/smaps\n${joined(lines)}me@host:~$ \n`),
  'a fence around it': (lines) => bytesOf(`\`\`\`\n${joined(lines)}\`\`\`\n`),
  'lines left out in between': each((line) => (/^[0-9a-f]+-/.test(line) ? `--\n${line}` : line)),
};

const PAGE = 4096;
const NAMES = [
  '',
  '[heap]',
  '[stack]',
  '[anon:a b]',
  '/opt/kiosk/bin/kiosk',
  '/opt/two  blanks (deleted)',
  '/memfd:x (deleted)',
  '/var/lib/#1 a&b',
];
const COUNTERS = ['Size:                  4 kB', 'Rss:                   4 kB', 'VmFlags: rd wr mr mw me ac '];

/** Lines of a random listing as the kernel prints it, of maps or of smaps: what all systems can carry. */
export const plainListing: fc.Arbitrary<string[]> = fc
  .record({
    gaps: fc.array(fc.tuple(fc.integer({min: 1, max: 9}), fc.integer({min: 0, max: 3})), {minLength: 2, maxLength: 12}),
    base: fc.constantFrom(0x400000, 0x7f3c1a000000, 0x560000000000),
    details: fc.array(
      fc.tuple(fc.integer({min: 0, max: 15}), fc.constantFrom(...NAMES), fc.integer({min: 1, max: 999999})),
      {
        minLength: 12,
        maxLength: 12,
      },
    ),
    isSmaps: fc.boolean(),
  })
  .map(({gaps, base, details, isSmaps}) => {
    let at = base;
    return gaps.flatMap(([pages, hole], index) => {
      const [bits, name, inode] = details[index]!;
      const start = at + hole * PAGE;
      at = start + pages * PAGE;
      const perms = [bits & 1 ? 'r' : '-', bits & 2 ? 'w' : '-', bits & 4 ? 'x' : '-', bits & 8 ? 's' : 'p'].join('');
      const backing = name.startsWith('/') ? `fe:01 ${inode}` : '00:00 0';
      const head = `${hex(start)}-${hex(at)} ${perms} 00000000 ${backing} `;
      return [name === '' ? head : head.padEnd(73) + name, ...(isSmaps ? COUNTERS : [])];
    });
  });

const hex = (value: number): string => value.toString(16).padStart(8, '0');
