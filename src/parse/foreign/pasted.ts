import {exactHex, type Region} from '../../model/region.ts';
import {decode} from '../scan.ts';

/**
 * A maps line after people and other systems have handled it: columns spaced out (as in tutorials), indented, addresses
 * with 0x or unpadded or in capitals, a log or mail prefix before it, the blank after the inode lost, `S` for shared
 * (or `-` on WSL1). Only captures are read like this; what the kernel itself prints has one form, so it is made when it
 * is needed (as the other one below: 0.1 ms of each start).
 */
const LINE = later('is', () =>
  [
    /^[\s>]*(?:[^\s>].*?\] +)?/, // a quoted mail, a log prefix such as "W1220 15:07:15.2 8272 x.cc:12] "
    /(?:0x)?([0-9a-f]{1,16})-(?:0x)?([0-9a-f]{1,16})/,
    /[ \t]+([r-][w-][x-][sp-])/,
    /[ \t]+(?:0x)?([0-9a-f]{1,16})/,
    /[ \t]+([0-9a-f]+:[0-9a-f]+)/,
    /[ \t]+(\d{1,20})/,
    /(?:[ \t]+(.*))?$/,
  ]
    .map((part) => part.source)
    .join(''),
);

/** @returns what makes a regular expression once */
function later(flags: string, source: () => string): () => RegExp {
  let made: RegExp | undefined;
  return () => (made ??= new RegExp(source(), flags));
}

/**
 * @param raw the line without its newline, one character a byte
 * @returns the region, or why the line isn't one
 */
export function readPastedLine(raw: string): Region | string {
  const match = LINE().exec(raw);
  if (!match) return 'not a line of maps';
  const [, startText, endText, perms, offsetText, dev, inode, rest] = match as unknown as string[];
  const start = exactHex(startText!);
  const end = exactHex(endText!);
  const offset = exactHex(offsetText!);
  if (start === undefined || end === undefined || offset === undefined) return 'an address that is not whole pages';
  const name = decode(rest ?? '');
  return {
    start,
    end,
    perms: perms!.toLowerCase(),
    offset,
    dev: deviceOf(dev!),
    inode: inode!,
    name: name.text,
    nameBase64: name.base64,
    kind: 'anon',
    usage: undefined,
    flags: undefined,
    attributes: undefined,
  };
}

/** Both numbers have at least two digits; other systems, and the C library's %x, print one. */
const deviceOf = (text: string): string =>
  text
    .toLowerCase()
    .split(':')
    .map((digits) => digits.padStart(2, '0'))
    .join(':');

/**
 * A shell line such as `> cat /proc/1320734/maps`, or the line that head(1) and tail(1) print above a file: it says
 * nothing about memory, but it may say whose listing follows.
 */
export function shellPrompt(
  raw: string,
): {readonly showsListing: boolean; readonly pid: number | undefined} | undefined {
  if (!PROMPT.test(raw) && !/^==> .* <==\s*$/.test(raw)) return undefined;
  const file = /\/proc\/(\d+|\w+)\/(?:maps|smaps|smaps_rollup)(?=[\s|;&>)"']|$)/.exec(raw);
  return {showsListing: file !== null, pid: file && /^[1-9]\d{0,6}$/.test(file[1]!) ? Number(file[1]) : undefined};
}

/** Ends with one of the usual signs; a command follows. The last two are U+276F and U+279C of fancy shells. */
const PROMPT = /^[\w.@:~\\/()[\] \t-]*(?:[>$#%]|\xe2\x9d\xaf|\xe2\x9e\x9c) +\S/;

/** The same without a command, as the last line of a paste. */
const BARE_PROMPT = /^[\w.@:~\\/()[\]-][\w.@:~\\/()[\] -]*[>$#%]$|^[>$#%]$/;

/**
 * Is it a line around a listing in an issue, a tutorial or a crash that says nothing: blank, a Markdown fence, a ruled
 * line, what grep(1) puts between groups, "…", a heading, a prompt?
 */
export function isFraming(raw: string): boolean {
  const text = raw.trim();
  return FRAMING().test(text) || BARE_PROMPT.test(text) || isHeading(text);
}

const FRAMING = later('i', () =>
  [
    /(?:```\w*|~~~|[-=+|:_*\s]*)/,
    /[[(<]?(?:\xe2\x80\xa6|\.\.\.+|snip(?:ped)?)[\])>]?/, // U+2026
    /\[sudo\] password for [^:]{1,40}:/,
    /=+ Memory map: =+/, // glibc before 2.26, when it found its heap broken
    /MAPPED_LIBRARIES:/, // gperftools
    /Dynamic libraries:/, // HotSpot
  ]
    .map((part) => part.source)
    .join('|')
    .replace(/^.*$/s, '^(?:$&)$'),
);

/** proc_pid_maps(5) shows a heading; so do tutorials. */
function isHeading(text: string): boolean {
  if (text.length > 200) return false;
  const words = text
    .toLowerCase()
    .split(/[\s|]+/)
    .filter(Boolean);
  return words.length >= 3 && words.every((word) => COLUMNS.has(word)) && words.some((word) => word.startsWith('perm'));
}

const COLUMNS: ReadonlySet<string> = new Set(
  'address addresses range start end perm perms permissions offset dev device inode pathname path name file'.split(' '),
);
