import {readFileSync} from 'node:fs';
import type {Range} from '../../../src/model/change.ts';

/** A region as the kernel prints it in smaps: read here without memmap, to check what memmap says. */
export interface Line extends Range {
  readonly perms: string;
  readonly offset: number;
  readonly dev: string;
  readonly inode: string;
  readonly name: string;
  /** Bytes. */
  readonly counters: Readonly<Record<string, number>>;
  readonly flags: ReadonlySet<string>;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+) *(.*)$/;

/** The regions of a process that stands still. */
export function linesOf(pid: number): Line[] {
  const lines: Array<Line & {counters: Record<string, number>; flags: Set<string>}> = [];
  for (const text of readFileSync(`/proc/${pid}/smaps`, 'latin1').split('\n')) {
    const head = HEAD.exec(text);
    if (head) {
      const [, start, end, perms, offset, dev, inode, name] = head as unknown as string[];
      const [a, b, c] = [start!, end!, offset!].map((word) => Number.parseInt(word, 16)) as [number, number, number];
      const place = {start: a, end: b, offset: c, perms: perms!, dev: dev!, inode: inode!, name: name!};
      lines.push({...place, counters: {}, flags: new Set()});
      continue;
    }
    const counter = /^(\w+): +(\d+) kB$/.exec(text);
    if (counter) lines.at(-1)!.counters[counter[1]!] = Number(counter[2]) * 1024;
    if (text.startsWith('VmFlags:')) for (const code of text.slice(8).trim().split(' ')) lines.at(-1)!.flags.add(code);
  }
  return lines;
}

export const lineAt = (lines: readonly Line[], address: number): Line | undefined =>
  lines.find(({start, end}) => start <= address && address < end);
