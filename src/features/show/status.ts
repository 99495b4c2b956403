import type {Snapshot} from '../../model/snapshot.ts';
import {sizeText} from '../../model/amounts.ts';
import {who, type TextOptions} from '../../text/process/who.ts';
import {renderTable, type Cell} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import {wrapped} from '../../text/lines.ts';

/** The lines of status about memory, and what they mean: proc_pid_status(5). */
const LINES: ReadonlyArray<readonly [key: string, name: string, meaning: string]> = [
  ['vmSize', 'VmSize', 'address space'],
  ['vmPeak', 'VmPeak', 'its peak'],
  ['vmRss', 'VmRSS', 'resident: in RAM now'],
  ['vmHwm', 'VmHWM', 'its peak'],
  ['rssAnon', 'RssAnon', 'of that, without a file'],
  ['rssFile', 'RssFile', 'of that, from files'],
  ['rssShmem', 'RssShmem', 'of that, shared memory'],
  ['vmData', 'VmData', 'private writable memory'],
  ['vmStk', 'VmStk', 'stack'],
  ['vmExe', 'VmExe', "the program's code"],
  ['vmLib', 'VmLib', "libraries' code"],
  ['vmPte', 'VmPTE', 'page tables'],
  ['vmSwap', 'VmSwap', 'swapped out'],
  ['vmLck', 'VmLck', 'locked into RAM'],
  ['hugetlbPages', 'HugetlbPages', 'huge pages of the hugetlb pool'],
];

/** What can be seen of a process whose regions can't: its status, and what is missing. */
export function renderStatus(snapshot: Snapshot, look: TextOptions = {}): string {
  const rows = LINES.flatMap(([key, name, meaning]): Cell[][] => {
    const bytes = snapshot.status[key];
    return typeof bytes === 'number' ? [[{text: name}, {text: sizeText(bytes)}, {text: meaning, role: 'quiet'}]] : [];
  });
  const uid = snapshot.process.uid === undefined ? '' : `, uid ${snapshot.process.uid}`;
  const table = renderTable(
    [{title: 'status'}, {title: 'size', align: 'right'}, {title: 'means', gives: 'cut'}],
    rows,
    look.width,
  );
  const missing =
    'Not seen: its regions, their kinds and files, PSS and private dirty. They are in maps and smaps, ' +
    'which you may not read.';
  return [paint('title', `${who(snapshot)}${uid}`), '', ...table, '', ...wrapped(missing, look.width), ''].join('\n');
}
