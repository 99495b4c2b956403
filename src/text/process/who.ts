import type {Snapshot} from '../../model/snapshot.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import {MEASURES} from '../../model/measures.ts';
import {hasRollup} from '../../model/columns/regions.ts';
import {safe} from '../safe.ts';
import {paint} from '../theme.ts';
import {wrapped} from '../lines.ts';

export interface TextOptions {
  /** Columns of the terminal; undefined: nothing is shortened. */
  readonly width?: number | undefined;
}

/** Whose memory, from where, and how much of it. */
export const renderHead = (snapshot: Snapshot, width?: number): string[] => [
  ...wrapped(who(snapshot), width).map((line) => paint('title', line)),
  ...wrapped(howMuch(snapshot), width),
];

/** `python3 (pid 4242), /usr/bin/python3.11`, or the file that a listing came from. */
export function who(snapshot: Snapshot): string {
  const {pid, comm, exe, state, threads} = snapshot.process;
  const {from, format, name} = snapshot.source;
  const process = comm === undefined ? (pid === undefined ? '' : `process ${pid}`) : `${safe(comm)} (pid ${pid})`;
  const details = [
    exe && safe(exe),
    state && STATES[state],
    threads !== undefined && threads > 1 && `${threads} threads`,
  ].filter(Boolean);
  const place =
    from === 'process'
      ? ''
      : `${name === '-' || name === undefined ? 'standard input' : safe(name)}: ${WHAT[format] ?? safe(format)}`;
  return [place, [process, ...details].filter(Boolean).join(', ')].filter(Boolean).join(' of ');
}

const WHAT: Readonly<Record<string, string>> = {
  tutorial: 'a maps listing with spaced-out columns',
  maps: 'maps',
  smaps: 'smaps',
  smaps_rollup: 'smaps_rollup',
  recording: 'a recording',
  series: 'saved listings',
  core: 'a core file',
  minidump: 'a minidump',
};

/** What the letters of `State` in proc_pid_status(5) mean. */
export const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'waiting for I/O',
  T: 'stopped',
  t: 'stopped by a debugger',
  Z: 'its first thread has ended',
};

export function howMuch(snapshot: Snapshot): string {
  const {regions, size, rss, pss, privateDirty, swap} = snapshot.totals as Record<string, number | undefined>;
  const isSum = hasRollup(snapshot.table);
  return [
    !isSum && counted(regions!, 'region'),
    !isSum && `${sizeText(size!)} of ${MEASURES.size.words}`,
    rss !== undefined && `${sizeText(rss)} ${MEASURES.rss.words}`,
    pss !== undefined && `${MEASURES.pss.words} ${sizeText(pss)}`,
    privateDirty !== undefined && `${MEASURES.privateDirty.words} ${sizeText(privateDirty)}`,
    swap && `${MEASURES.swap.words} ${sizeText(swap)}`,
  ]
    .filter(Boolean)
    .join(', ');
}
