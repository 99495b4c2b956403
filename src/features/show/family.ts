import {familyTotals, type Family, type Member} from '../../model/family.ts';
import {observedText} from '../../model/host/observer.ts';
import {counted, countText, sizeText} from '../../model/amounts.ts';
import {MEASURES} from '../../model/measures.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {renderRows, type Cell, type Column} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import {wrapped} from '../../text/lines.ts';

const AMOUNTS = ['rss', 'pss', 'privateDirty', 'swap'] as const;

/** The title comes last, as in ps: it may be long. What says least is left out where a terminal is narrow. */
const COLUMNS: readonly Column[] = [
  {title: 'pid', align: 'right'},
  {title: 'threads', align: 'right'},
  {title: 'regions', align: 'right', least: 90},
  ...AMOUNTS.map((key): Column => ({
    title: MEASURES[key].title,
    align: 'right',
    ...(key === 'privateDirty' && {least: 72}),
  })),
  {title: 'process', gives: 'cut'},
];

/** The place of the column that is left out where nothing is swapped. */
const SWAP = 3 + AMOUNTS.indexOf('swap');

/** A process and its descendants, what each costs, and what they cost together. */
export function renderFamily(family: Family, look: TextOptions = {}): string {
  const {members, ended} = family;
  const totals = familyTotals(members);
  const threads = members.reduce((sum, member) => sum + member.threads, 0);
  const total = cells('total', '', {...totals, threads, vmRss: undefined}).map((cell): Cell => ({
    ...cell,
    role: 'title',
  }));
  const rows = [...members.map(memberCells), ...(totals.counted > 0 ? [total] : [])];
  const isSwapped = (totals.usage['swap'] ?? 0) > 0;
  const keep = (_: unknown, index: number): boolean => isSwapped || index !== SWAP;
  const [first] = members;
  return [
    paint(
      'title',
      `${safe(first!.comm)} (pid ${first!.pid}) and ` +
        (members.length > 1 ? counted(members.length - 1, 'descendant') : 'no descendants'),
    ),
    '',
    ...renderRows(
      COLUMNS.filter(keep),
      rows.map((row) => row.filter(keep)),
      look.width,
    ),
    '',
    ...remarks(family).flatMap((sentence) => wrapped(sentence, look.width)),
    ...(ended > 0
      ? [
          `${counted(ended, 'process', 'processes')} ended while the family was read, and ` +
            `${ended === 1 ? 'is' : 'are'} left out.`,
        ]
      : []),
    '',
  ].join('\n');
}

function remarks({members}: Family): string[] {
  const totals = familyTotals(members);
  const {rss = 0, pss = 0} = totals.usage;
  const uncounted = members.filter(({missing}) => missing === 'denied' || missing === 'spared');
  return [
    ...(totals.counted < 2
      ? []
      : [
          `PSS is what the family costs: ${sizeText(pss)}. Resident memory, added up, counts a page once ` +
            `for each process that maps it: ${sizeText(Math.max(0, rss - pss))} more.`,
        ]),
    ...observerText(members),
    ...(uncounted.length === 0
      ? []
      : [
          totals.counted === 0
            ? 'None of them could be counted.'
            : `The total is for ${counted(totals.counted, 'process', 'processes')}, and is too low: ` +
              `${uncounted.length} more could not be counted.`,
          ...reasons(uncounted),
        ]),
  ];
}

/** What memmap's own mappings did to the kernel's figures of all members together. */
function observerText(members: readonly Member[]): string[] {
  const sum = (of: (observed: NonNullable<Member['observed']>) => number): number =>
    members.reduce((bytes, {observed}) => bytes + (observed ? of(observed) : 0), 0);
  const {pss = 0} = familyTotals(members).usage;
  const together = {
    shared: sum(({shared}) => shared),
    pss: {low: pss, high: pss + sum(({pss: {low, high}}) => high - low)},
    private: {low: sum(({private: {low}}) => low), high: sum(({private: {high}}) => high)},
    isCertain: members.every(({observed}) => observed?.isCertain !== false),
  };
  const kernel = pss - sum(({pss: {low}, kernel: {pss: before = 0}}) => low - before);
  return observedText(together, kernel, 'their');
}

/** Why processes could not be counted, and which: those with the same reason together. */
function reasons(uncounted: readonly Member[]): string[] {
  const byNote = new Map<string, string[]>();
  for (const {pid, note = ''} of uncounted) byNote.set(note, [...(byNote.get(note) ?? []), String(pid)]);
  return [...byNote].map(([note, pids]) => {
    const more = pids.length > 8 ? ` and ${pids.length - 8} more` : '';
    return `${pids.slice(0, 8).join(', ')}${more}: ${safe(note)}`;
  });
}

function memberCells(member: Member): Cell[] {
  const {pid, comm, title, depth, missing} = member;
  const why =
    missing === 'ended'
      ? '(ended) '
      : missing === 'denied'
        ? '(not permitted) '
        : missing === 'spared'
          ? '(spared) '
          : '';
  return cells(String(pid), `${'  '.repeat(depth)}${why}${safe(title ?? comm)}`, member);
}

function cells(
  pid: string,
  name: string,
  {threads, regions, usage, vmRss}: Pick<Member, 'threads' | 'regions' | 'usage' | 'vmRss'>,
): Cell[] {
  const [rss, ...others] = AMOUNTS.map((key) => MEASURES[key].ofTotals(usage));
  return [
    {text: pid},
    {text: countText(threads)},
    {text: regions === undefined ? '' : countText(regions)},
    ...[rss ?? vmRss, ...others].map((bytes): Cell => ({text: bytes === undefined ? '' : sizeText(bytes)})),
    {text: name, is: 'phrase'},
  ];
}
