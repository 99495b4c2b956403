import type {Snapshot} from '../../src/model/snapshot.ts';
import {GzipPacker, PlainPacker, RecordingFile} from '../../src/recording/file.ts';
import type {RecordingHeader} from '../../src/recording/header.ts';
import {RecordingWriter, type Clock} from '../../src/recording/writer.ts';

export const REAL_CLOCK: Clock = {now: () => performance.now(), wall: () => Date.now()};

export const headerOf = (snapshot: Snapshot, startedAt = new Date().toISOString()): RecordingHeader => ({
  memmap: '0.0.0',
  host: 'here',
  kernel: '6.0',
  bootId: snapshot.process.bootId,
  process: snapshot.process,
  pageSize: 4096,
  interval: 100,
  startedAt,
});

/** A recording without the command around it. */
export function beginRecording(
  path: string,
  snapshot: Snapshot,
  clock = REAL_CLOCK,
): {readonly writer: RecordingWriter; readonly close: () => Promise<void>} {
  const file = RecordingFile.create(path);
  const packer = path.endsWith('.gz') ? new GzipPacker(file) : new PlainPacker(file);
  const header = headerOf(snapshot, new Date(clock.wall()).toISOString());
  return {writer: new RecordingWriter(packer, header, clock), close: () => file.close()};
}
