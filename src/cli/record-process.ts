import type {Session} from '../procfs/session.ts';
import type {RecordSummary} from '../render/record.ts';
import type {RecordingWriter} from '../record/writer.ts';
import {say} from './output.ts';
import {recordingFailed, type OpenRecording} from './record-file.ts';
import {RecordFollower, type ListingSize, type RecordOptions} from './record-follow.ts';
import {recordKeys} from './record-keys.ts';
import {ProgressLine} from './record-progress.ts';
import {interruption} from './signals.ts';

/** What a recording needs beside the session. */
export interface RecordSetting extends Omit<RecordOptions, 'signal' | 'stoppedBy'> {
  readonly listing: ListingSize;
  readonly file: OpenRecording;
}

/**
 * Records a process until it ends, a limit is reached, or somebody wishes it. SIGUSR1 and the key `m` make marks.
 *
 * @throws Trouble `output` if it can't be written any longer; the file has what was seen until then
 */
export async function recordProcess(session: Session, writer: RecordingWriter, setting: RecordSetting): Promise<RecordSummary> {
  const {file, listing} = setting;
  const interrupted = interruption();
  const options = {...setting, signal: interrupted.signal, stoppedBy: interrupted.received};
  const follower = new RecordFollower(session, listing, writer, options);
  const line = new ProgressLine();
  const begin = performance.now();
  const mark = (): void => {
    try {
      follower.mark();
    } catch {
      // The process can't be read any more: the next look says why.
    }
  };
  process.on('SIGUSR1', mark);
  const keys = recordKeys(mark, interrupted);
  if (process.stderr.isTTY) say(`Recording to ${file.path}. ${keys ? 'm makes a mark, q ends' : `A mark: kill -USR1 ${process.pid}. Ctrl-C ends`}.`); // prettier-ignore
  try {
    const reason = await follower.follow(() => line.show(progress(), keys !== undefined));
    const cost = {...session.cost, duty: session.cost.ms / Math.max(1, performance.now() - begin)};
    return {...progress(), reason, listings: writer.listings, cost};
  } catch (error) {
    throw recordingFailed(file.path, error, writer.moments);
  } finally {
    line.clear();
    keys?.close();
    process.off('SIGUSR1', mark);
    interrupted.dispose();
  }

  function progress(): Omit<RecordSummary, 'reason' | 'listings' | 'cost'> {
    const rss = session.snapshot.totals['rss'] ?? session.snapshot.status['vmRss'];
    return {
      file: file.path,
      ms: performance.now() - begin,
      looks: writer.looks - file.looksBefore,
      moments: writer.moments,
      marks: follower.marks,
      size: file.size,
      rss: typeof rss === 'number' ? rss : undefined,
    };
  }
} // prettier-ignore
