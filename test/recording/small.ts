import {readFileSync, rmSync} from 'node:fs';
import {Snapshot} from '../../src/model/snapshot.ts';
import {parseListing} from '../../src/parse/reader.ts';
import {classify} from '../../src/classify/classify.ts';
import type {Recording} from '../../src/recording/recording.ts';
import {beginRecording} from './recorder.ts';

const line = (start: number, pages: number, rest: string): string =>
  `${start.toString(16).padStart(8, '0')}-${(start + pages * 4096).toString(16).padStart(8, '0')} ${rest}\n`;

const counters = (pages: number, rss: number, flags: string): string =>
  `Size: ${pages * 4} kB\nKernelPageSize: 4 kB\nMMUPageSize: 4 kB\nRss: ${rss} kB\nPss: ${rss} kB\nPrivate_Dirty: ` +
  `${rss} kB\nAnonymous: ${rss} kB\nTHPeligible:    0\nVmFlags: ${flags}\n`;

/** A little process: a program, a heap that grows, and blocks that come and go. */
export function listingAt(look: number, isSmaps: boolean): string {
  const heap = 1 + Math.floor(look / 3);
  const parts: Array<[number, number, string, number]> = [
    [0x400000, 2, 'r-xp 00000000 fe:00 17                                /bin/a b', 8],
    [0x402000, 1, 'rw-p 00002000 fe:00 17                                /bin/a b', 4],
    [0x10000000, heap, 'rw-p 00000000 00:00 0                                  [heap]', 4 * Math.min(heap, look)],
  ];
  if (look % 4 > 1) parts.push([0x7f0000000000, 16, 'rw-p 00000000 00:00 0 ', look]);
  if (look > 5) parts.push([0x7f1000000000, 3, 'rw-s 00000000 00:01 99                     /memfd:é (deleted)', 0]);
  parts.push([0x7ffe00000000, 33, 'rw-p 00000000 00:00 0                          [stack]', 12]);
  return parts
    .map(
      ([start, pages, rest, rss]) =>
        line(start, pages, rest) + (isSmaps ? counters(pages, rss, look > 8 ? 'rd wr mr' : 'rd wr mr mw me ac') : ''),
    )
    .join('');
}

export function snapshotAt(look: number, isSmaps: boolean, startCode = '4194304'): Snapshot {
  const {table: regions, format} = parseListing(Buffer.from(listingAt(look, isSmaps)), 'proc', 'later');
  const clues = {pageSize: 4096, threads: [{tid: 77, name: `t${look % 2}`}]};
  classify(regions, clues);
  const process = {
    pid: 77,
    comm: 'a b',
    exe: '/bin/a b',
    startTime: 5,
    bootId: 'b',
    state: look % 5 === 0 ? 'R' : 'S',
    threads: 1,
    startCode,
  };
  return new Snapshot({source: {from: 'process', format}, regions, process, status: statusAt(look), clues});
}

export const statusAt = (look: number): Record<string, number | string> => ({
  name: 'a b',
  state: look % 5 === 0 ? 'R' : 'S',
  threads: 1,
  vmRss: 4096 * (20 + Math.floor(look / 2)),
});

/** What a moment holds, as one text. */
export const toldBy = (snapshot: Snapshot): string =>
  JSON.stringify(sorted(JSON.parse(JSON.stringify({...snapshot.toJSON(), takenAt: null, source: null}))));

/** The order of names means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
}

/** Records it. @returns the bytes of the file, and what each moment must hold */
export async function smallRecording(
  path: string,
  looks = 12,
): Promise<{readonly bytes: Buffer; readonly moments: readonly string[]}> {
  let ms = 0;
  const clock = {now: () => ms, wall: () => 1_700_000_000_000 + ms};
  const {writer, close} = beginRecording(path, snapshotAt(0, true), clock);
  const moments: string[] = [];
  const note = (told: string): void => {
    while (moments.length < writer.moments) moments.push(told);
  };
  let last = '';
  for (let look = 0; look < looks; look++, ms += 500) {
    const isSmaps = look % 3 !== 1;
    const image = look > 7 ? '1' : '4194304';
    const [snapshot, status] = [snapshotAt(look, isSmaps, image), statusAt(look)];
    if (look === 8) await writer.exec(snapshot, status, 10);
    else await writer.look(snapshot, status, 10);
    note((last = toldBy(snapshot)));
    if (look === 2) await writer.mark('loaded');
    if (look === 4) for (let idle = 0; idle < 9; idle++, ms += 500) await writer.look(snapshot, status, 10);
    note(last);
  }
  await writer.exit('zombie');
  note(last);
  await writer.end('exit', {looks, ms: 1, duty: 0, usageReads: 1, usageMs: 1, usageSkipped: 0});
  await close();
  const bytes = readFileSync(path);
  rmSync(path);
  return {bytes, moments};
}

/** Are all moments of a recording as they were seen? Moments may be missing at the end, or be found by their look. */
export function firstWrong(recording: Recording, moments: readonly string[]): number | undefined {
  for (const {moment, snapshot} of recording.snapshots()) {
    if (toldBy(snapshot) !== moments[moment.index]) return moment.index;
  }
  return undefined;
}
