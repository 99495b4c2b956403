import {counted, countText, sizeText, spanText} from '../../model/amounts.ts';
import {kinSum, type FamilySample, type Kin, type KinMeasure, type OrphanRule} from '../../model/kin/kin.ts';
import type {KinLife, KinPeaks} from '../../model/kin/peaks.ts';
import {MEASURES} from '../../model/measures.ts';
import {safe} from '../safe.ts';
import {renderTable, type Cell, type Column} from '../table.ts';

/** ms. A reading that is older than this is not of the same moment. */
const OLD = 100;

/** `python3 (pid 4242)`; of one that /proc does not show, its PID. */
export const kinName = ({comm, pid}: Pick<Kin, 'comm' | 'pid'>): string =>
  comm === '' ? `process ${pid}` : `${safe(comm)} (pid ${pid})`;

/** `5 processes at most, 7 in all`. */
export function familySize({most, last}: KinPeaks): string {
  const seen = last?.seen ?? 0;
  return `${counted(most, 'process', 'processes')} at most${seen > most ? `, ${countText(seen)} in all` : ''}`;
}

/** `4 processes, 259.3 MiB resident, added up; PSS 249 MiB`. */
export function familyNow(sample: FamilySample): string {
  const [rss, pss, swap] = (['rss', 'pss', 'swap'] as const).map((measure) => kinSum(sample, measure));
  const known = rss!.total === undefined ? 'at least ' : '';
  const old = pss!.age >= OLD ? ` as of ${spanText(pss!.age)} ago` : '';
  return [
    `${counted(sample.members.length, 'process', 'processes')}, ${known}${sizeText(rss!.least)} resident, added up`,
    pss!.total === undefined ? 'PSS not known of all' : `PSS ${sizeText(pss!.total)}${old}`,
    ...(swap!.least > 0 ? [`swap ${sizeText(swap!.least)}`] : []),
  ].join('; ');
}

/** How an amount of a family came about, in a phrase: `sampled, RSS added up`. */
export function howAdded(measure: KinMeasure, age = 0): string {
  const name = measure === 'rss' ? 'RSS' : MEASURES[measure].title;
  const old = age >= OLD ? `, some of it read ${spanText(age)} before` : '';
  return `sampled, ${name} added up${old}`;
}

const COLUMNS: readonly Column[] = [
  {title: 'pid', align: 'right'},
  {title: 'process', gives: 'cut'},
  ...(['rss', 'pss', 'privateDirty'] as const).map((key): Column => ({
    title: `${MEASURES[key].title}, most`,
    align: 'right',
  })),
];

/** At most this many members are listed. */
const MOST = 6;

/** The largest members, each with its own peaks. */
export function renderLives(peaks: KinPeaks, width: number | undefined): string[] {
  const lives = peaks.lives('rss');
  const rows = lives
    .slice(0, MOST)
    .map(({kin, peaks: {rss, pss, privateDirty}}: KinLife): Cell[] => [
      {text: String(kin.pid)},
      {text: `${safe(kin.comm)}${kin.missing === 'denied' || kin.missing === 'hidden' ? ' (not permitted)' : ''}`},
      ...[rss, pss, privateDirty].map((bytes): Cell => ({text: bytes === undefined ? '' : sizeText(bytes)})),
    ]);
  const more = (peaks.last?.seen ?? 0) - rows.length;
  return [...renderTable(COLUMNS, rows, width), ...(more > 0 ? [`… and ${countText(more)} more.`] : [])];
}

/** What the samples of a family do not cover, a sentence each. */
export function familyGaps({last, isFamily}: KinPeaks): string[] {
  if (!last) return [];
  return [
    ...(last.missed
      ? ['It had children that began and ended between two samples: what they used is not counted.']
      : []),
    ...(isFamily ? ORPHANS[last.orphans] : []),
    ...hiddenSentence(last.members.filter(({missing}) => missing === 'hidden')),
  ];
}

const ORPHANS: Readonly<Record<OrphanRule, readonly string[]>> = {
  none: ['A descendant whose parent ended before a sample saw it would not be found.'],
  session: ['Descendants whose parents ended before a sample saw them were looked for in its session.'],
  adopters: [],
};

const hiddenSentence = (hidden: readonly Kin[]): string[] =>
  hidden.length === 0
    ? []
    : [
        `${counted(hidden.length, 'member')} of the family can't be seen, since /proc is mounted with hidepid: ` +
          `${hidden
            .slice(0, 8)
            .map(({pid}) => pid)
            .join(', ')}.`,
      ];
