import {flatRegion} from '../../text/flat.ts';
import type {Region} from '../../model/region.ts';
import type {ProcessInfo, Snapshot} from '../../model/snapshot.ts';
import type {Recording} from '../../recording/recording.ts';
import {withProgress} from '../../shell/output.ts';

/** What each row says before its region: whose it is, and when. */
type Head = Readonly<Record<'at' | 't' | 'moment' | 'file' | 'host' | 'pid' | 'comm' | 'exe', string | number | null>>;

/**
 * A JSON object a line for each region of a snapshot or listing: `memmap export FILE --format ndjson`.
 *
 * @param file its name; undefined for a live process
 */
function* snapshotRows(snapshot: Snapshot, file: string | undefined): Generator<string> {
  const {takenAt = null, process} = snapshot;
  const begin = beginOf({at: takenAt, t: null, moment: null, file: file ?? null, host: null, ...who(process)});
  for (const region of snapshot.table) yield begin + restOf(region);
}

/**
 * The same for each moment of a recording. Where a moment read maps alone, its counters are null. The moment at which
 * the end was seen has no rows: nothing was there any more.
 *
 * @throws Trouble `input`
 */
function* recordingRows(recording: Recording, file: string): Generator<string> {
  const {host} = recording.header;
  const rests = new WeakMap<Region, string>();
  for (const {moment, snapshot} of withProgress('Writing', recording.snapshots(), recording.count)) {
    if (moment.event === 'exit') continue;
    const {index, t} = moment;
    const begin = beginOf({at: recording.timeAt(t), t, moment: index, file, host, ...who(snapshot.process)});
    for (const region of snapshot.regions) {
      let rest = rests.get(region);
      if (rest === undefined) rests.set(region, (rest = restOf(region)));
      yield begin + rest;
    }
  }
}

const who = ({pid = null, comm = null, exe = null}: Told<ProcessInfo>): Pick<Head, 'pid' | 'comm' | 'exe'> => ({
  pid,
  comm,
  exe,
});

/** With null for what is not known. */
type Told<Info> = {readonly [key in keyof Info]: Info[key] | null};

/** A row up to its region. */
const beginOf = (head: Head): string => JSON.stringify(head).slice(0, -1);

const restOf = (region: Region): string => `,${JSON.stringify(flatRegion(region)).slice(1)}\n`;

/** The format ndjson. */
export const ROWS = {recording: recordingRows, snapshot: snapshotRows};
