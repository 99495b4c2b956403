import {exactHex, type Region} from '../../model/region.ts';
import {decode} from '../scan.ts';

/**
 * A maps line after people and other systems have handled it: columns spaced out (as in tutorials), indented, addresses
 * with 0x or unpadded or in capitals, a log or mail prefix before it, the blank after the inode lost, `S` for shared
 * (or `-` on WSL1). Only captures are read like this; what the kernel itself prints has one form.
 */
const LINE = new RegExp(
  [
    /^[\s>]*(?:[^\s>].*?\] +)?/, // a quoted mail, a log prefix such as "W1220 15:07:15.2 8272 x.cc:12] "
    /(?:0x)?([0-9a-f]{1,16})-(?:0x)?([0-9a-f]{1,16})/,
    /[ \t]+([r-][w-][x-][sp-])/,
    /[ \t]+(?:0x)?([0-9a-f]{1,16})/,
    /[ \t]+([0-9a-f]{2,}:[0-9a-f]{2,})/,
    /[ \t]+(\d{1,20})/,
    /(?:[ \t]+(.*))?$/,
  ]
    .map((part) => part.source)
    .join(''),
  'is',
);

/**
 * @param raw the line without its newline, one character a byte
 * @returns the region, or why the line isn't one
 */
export function readPastedLine(raw: string): Region | string {
  const match = LINE.exec(raw);
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
    dev: dev!.toLowerCase(),
    inode: inode!,
    name: name.text,
    nameBase64: name.base64,
    kind: 'anon',
    usage: undefined,
    flags: undefined,
    attributes: undefined,
  };
}

/**
 * A shell line such as `> cat /proc/1320734/maps`: it says nothing about memory, but it may say whose listing follows.
 */
export function shellPrompt(
  raw: string,
): {readonly showsListing: boolean; readonly pid: number | undefined} | undefined {
  if (!/^[\w.@:~/()[\] \t-]*[>$#%] +\S/.test(raw)) return undefined;
  const file = /\/proc\/(\d+|\w+)\/(?:maps|smaps|smaps_rollup)\s*$/.exec(raw);
  return {showsListing: file !== null, pid: file && /^[1-9]\d{0,6}$/.test(file[1]!) ? Number(file[1]) : undefined};
}

/** Is it a line around a listing in an issue or a tutorial that says nothing: blank, or a Markdown fence? */
export const isFraming = (raw: string): boolean => /^(?:```\w*|~~~)?$/.test(raw.trim());
