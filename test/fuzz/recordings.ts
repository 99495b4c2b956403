import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {Trouble} from '../../src/model/trouble.ts';
import {NO_SEED, sealLine} from '../../src/recording/lines.ts';
import {isRecording} from '../../src/recording/head.ts';
import {recordingFrom} from '../../src/recording/recording.ts';
import {BESIDE, CAUSE_END, checkCauses} from './causes.ts';
import {smallRecording} from '../recording/small.ts';

/** A recording of a dozen looks, as memmap writes one with --cause and --heap. */
export const RECORDING = await small();

async function small(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'memmap-fuzz-'));
  try {
    return withCauses((await smallRecording(join(folder, 'small.jsonl'), 12)).bytes);
  } finally {
    rmSync(folder, {recursive: true});
  }
}

function withCauses(recording: Buffer): Buffer {
  let moment = -1;
  const lines = recording
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .flatMap((text) => {
      const beside = BESIDE.filter(([after]) => after === moment).map(([, line]) => JSON.stringify(line));
      moment++;
      const isEnd = text.startsWith('{"event":"end"');
      return [...beside, isEnd ? JSON.stringify({...(JSON.parse(text) as object), cause: CAUSE_END}) : text];
    });
  return resealed(Buffer.from(lines.join('\n')));
}

/** Checksums that are right again, wherever a line is still JSON: else a changed line is never read any further. */
export function resealed(recording: Buffer): Buffer {
  let seed = NO_SEED;
  const lines = recording
    .toString('utf8')
    .split('\n')
    .map((text, index) => {
      const record = jsonOf(text);
      if (typeof record !== 'object' || record === null || Array.isArray(record)) return Buffer.from(`${text}\n`);
      const {crc: _crc, ...rest} = record as Record<string, unknown>;
      const isKey = index === 0 || rest['event'] === 'key' || rest['event'] === 'exec';
      const {bytes, crc} = sealLine(rest, isKey ? NO_SEED : seed);
      seed = crc;
      return bytes;
    });
  return Buffer.concat(lines);
}

export const compressed = (recording: Buffer): Buffer => gzipSync(recording, {level: 1});

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Any bytes are a recording, whose moments can all be had, or are refused with a reason. */
export function checkRecording(bytes: Buffer): void {
  if (!isRecording(bytes)) return;
  try {
    const recording = recordingFrom(bytes);
    assert.ok(recording.rejected.every(({line, why}) => line > 0 && why.length > 0));
    let [count, last] = [0, -1];
    for (const {moment, snapshot} of recording.snapshots()) {
      assert.ok(moment.t >= last, 'time goes back');
      last = moment.t;
      count++;
      JSON.stringify(snapshot);
    }
    assert.ok(count <= recording.count);
    checkCauses(recording);
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'input') throw error;
  }
}
