import {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {ProcessHandle} from './handle.ts';
import {processInfo} from './identity.ts';

/**
 * What may be seen of a process whose maps may not be read: stat and status, which are open to all (unless /proc is mounted
 * with hidepid). A snapshot without regions, marked incomplete.
 *
 * @param denied why the regions are missing
 * @returns undefined if not even that may be read
 */
export function glimpse(pid: number, denied: Trouble, root?: string): Snapshot | undefined {
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    const [stat, status] = [handle.stat(), handle.status()];
    return new Snapshot({
      source: {from: 'process', format: 'status'},
      takenAt: new Date().toISOString(),
      process: processInfo(handle, stat, status),
      consistency: {torn: false, incomplete: true, reads: 1},
      regions: [],
      status,
      notes: [`${denied.message} ${denied.why} ${denied.next}`],
    });
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  } finally {
    handle?.close();
  }
}
