import {writeFileSync} from 'node:fs';
import type {Snapshot} from '../../../src/model/snapshot.ts';
import {Encoder} from '../../../src/recording/encode/encoder.ts';
import {headOf, NO_SEED, sealLine} from '../../../src/recording/lines.ts';
import {headerJSON} from '../../../src/recording/header.ts';

/** A look to be written into a recording. */
export interface Shot {
  /** ms since the beginning. */
  readonly t: number;
  readonly snapshot: Snapshot;
  readonly event?: 'exec';
  readonly marks?: readonly string[];
}

export interface Ending {
  /** ms since the beginning. */
  readonly t: number;
  readonly isExit?: boolean;
}

const STARTED = Date.parse('2026-01-31T12:00:00.000Z');

/** Writes a recording in which each look is a key frame. @param end undefined: its recorder was killed */
export function writeRecording(path: string, shots: readonly Shot[], end: Ending | undefined): void {
  const first = shots[0]!.snapshot;
  const header = {
    memmap: '0.1.0',
    host: 'machine',
    kernel: '6.1.0',
    process: first.process,
    pageSize: 4096,
    interval: 100,
    startedAt: new Date(STARTED).toISOString(),
  };
  const lines = [sealLine(headerJSON(header), NO_SEED)];
  const add = (head: Parameters<typeof headOf>[0], rest: object): void => {
    const isKey = head.event === 'key' || head.event === 'exec';
    lines.push(sealLine({...headOf(head), ...rest}, isKey ? NO_SEED : lines.at(-1)!.crc));
  };
  const common = {wall: undefined, since: undefined};
  for (const [index, {t, snapshot, event, marks = []}] of shots.entries()) {
    const look = index + 1;
    const members = new Encoder(4096).whole(snapshot, snapshot.status);
    add({event: event ?? 'key', t, look, ...common}, JSON.parse(`{${members}}`) as object);
    for (const name of marks) add({event: 'mark', t, look, ...common}, {name});
  }
  const looks = shots.length;
  if (end?.isExit) add({event: 'exit', t: end.t, look: looks, ...common}, {state: 'gone'});
  if (end)
    add({event: 'end', t: end.t, look: looks, ...common}, {reason: end.isExit ? 'exit' : 'for', listings: 1, cost: {}});
  writeFileSync(path, Buffer.concat(lines.map(({bytes}) => bytes)));
}
