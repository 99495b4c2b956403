import type {PageTotals, ProcessPages, RegionPages} from '../../model/pages/pages.ts';
import {rangeText, sizeOf} from '../../model/region.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import {wrapped} from '../../text/lines.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';

const COLUMNS: readonly Column[] = [
  {title: 'state', gives: 'cut'},
  {title: 'pages', align: 'right'},
  {title: 'size', align: 'right'},
];

/** How many pages are in which state, and how that agrees with smaps. */
export function renderPageTotals(pages: ProcessPages, look: TextOptions): string[] {
  const {totals, pageSize} = pages;
  const rows = totalRows(pages)
    .filter(([words, count]) => count > 0 || words === 'present')
    .map(([words, count]): Cell[] => [
      {text: words, role: words === 'all' ? 'title' : undefined},
      {text: String(count)},
      {text: sizeText(count * pageSize)},
    ]);
  const remarks = [
    ...unreadLines(pages),
    hiddenLine(pages),
    residue(pages),
    hugeLine(pages),
    writtenLine(pages),
  ].filter((line) => line !== undefined);
  return [
    ...renderTable(COLUMNS, rows, look.width),
    ...(totals.pages > 0 && remarks.length > 0 ? ['', ...remarks.flatMap((line) => wrapped(line, look.width))] : []),
  ];
}

function totalRows({totals, frames, dirtySince}: ProcessPages): Array<readonly [words: string, pages: number]> {
  const {anonymous, sharedOrZero, zero, ksm, file, exclusive} = totals;
  const own = anonymous - sharedOrZero;
  const shared: Array<readonly [string, number]> =
    frames === 'known'
      ? [
          ['  anonymous, shared by copy-on-write', sharedOrZero - zero - ksm],
          ['  anonymous, merged with equal pages (KSM)', ksm],
          ['  the zero page', zero],
        ]
      : [['  anonymous, shared by copy-on-write, or the zero page', sharedOrZero]];
  return [
    ['present', totals.present],
    ["  anonymous, the process's own", own],
    ...shared,
    ['  of files or shared memory, mapped once', exclusive - own],
    ['  of files or shared memory, mapped at least twice', file - (exclusive - own)],
    ['swapped', totals.swapped],
    ['guard regions', totals.guard],
    ['absent', totals.absent],
    ['not read', totals.unread],
    [dirtySince ? 'written since the marks were cleared' : 'soft-dirty', totals.softDirty],
    ['write-protected by userfaultfd', totals.uffdWp],
    ['all', totals.pages],
  ];
}

/** What was not read, and why: one line for each reason. */
function unreadLines({regions}: ProcessPages): string[] {
  const byReason = new Map<string, RegionPages[]>();
  for (const each of regions) {
    if (each.unread === undefined) continue;
    const group = byReason.get(each.unread);
    if (group) group.push(each);
    else byReason.set(each.unread, [each]);
  }
  return [...byReason].map(([why, group]) => {
    const names = group.slice(0, 3).map(({region, start, end}) => safe(region.name) || rangeText({start, end}));
    const more = group.length > 3 ? ` and ${group.length - 3} more` : '';
    const size = group.reduce((sum, {start, end}) => sum + end - start, 0);
    return `Not read: ${names.join(', ')}${more} (${sizeText(size)}): ${why}.`;
  });
}

/** Without frame numbers the zero page can't be distinguished from a page that two processes share since a fork. */
function hiddenLine({frames, totals}: ProcessPages): string | undefined {
  if (frames === 'known' || totals.sharedOrZero === 0) return undefined;
  return (
    'Frame numbers are hidden from you (they need CAP_SYS_ADMIN), so the zero page cannot be ' +
    'distinguished from a shared page.'
  );
}

/**
 * Present pages compared with smaps' resident memory, and what explains the difference; undefined where they can't be
 * compared.
 */
function residue({snapshot, regions, totals, pageSize, frames}: ProcessPages): string | undefined {
  const isComparable = regions.every(
    ({region, start, end, totals: part}) =>
      region.usage?.rss !== undefined &&
      end - start === sizeOf(region) &&
      (part.unread === 0 || region.usage.rss === 0),
  );
  if (!isComparable || snapshot.source.format !== 'smaps') return undefined;
  const sum = (key: string): number => regions.reduce((all, {region}) => all + (region.usage?.[key] ?? 0), 0);
  const rss = sum('rss');
  const hugetlb = sum('sharedHugetlb') + sum('privateHugetlb');
  const has = `smaps has ${sizeText(rss)} resident`;
  let rest = totals.present - rss / pageSize;
  if (rest === 0) return `${has}, as the page map does.`;
  const reasons: string[] = [];
  if (hugetlb > 0 && rest >= hugetlb / pageSize) {
    reasons.push(`${sizeText(hugetlb)} in huge pages of the hugetlb pool`);
    rest -= hugetlb / pageSize;
  }
  const zero = zeroPages(totals, frames, rest);
  if (zero > 0) {
    reasons.push(`${zero === 1 ? '1 page is' : `${zero} pages are`} the zero page`);
    rest -= zero;
  }
  const why = reasons.length > 0 ? `: ${reasons.join(', ')}, which it leaves out` : '';
  const other =
    rest === 0
      ? ''
      : `${why === '' ? ':' : ';'} ${counted(Math.abs(rest), 'page')} ${rest > 0 ? 'came' : 'went'} ` +
        `between the two readings`;
  return (
    `${has}, ${sizeText(Math.abs(totals.present * pageSize - rss))} ` +
    `${totals.present * pageSize > rss ? 'less' : 'more'}${why}${other}.`
  );
}

/** How many pages the zero page explains: known exactly, or, with frame numbers hidden, as many as fit. */
function zeroPages({zero, sharedOrZero}: PageTotals, frames: ProcessPages['frames'], rest: number): number {
  if (rest <= 0) return 0;
  if (frames === 'known') return Math.min(zero, rest);
  return rest <= sharedOrZero ? rest : 0;
}

/** The page map lists small pages only; smaps says how much of them is in huge pages. */
function hugeLine({regions}: ProcessPages): string | undefined {
  const huge = regions.reduce(
    (sum, {region: {usage}}) =>
      sum + (usage?.['anonHugePages'] ?? 0) + (usage?.['shmemPmdMapped'] ?? 0) + (usage?.['filePmdMapped'] ?? 0),
    0,
  );
  return huge > 0 ? `Of these regions, ${sizeText(huge)} is in transparent huge pages.` : undefined;
}

function writtenLine({dirtySince}: ProcessPages): string | undefined {
  return dirtySince && 'In regions that were mapped or merged since, the kernel also marks pages that were only read.';
}
