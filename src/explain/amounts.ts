import type {Snapshot} from '../model/snapshot.ts';
import {sizeText} from '../model/size.ts';
import {percent} from './counters.ts';

/** How much memory a process has, and what those numbers mean for it: a sentence or two each. */
export function amountTexts(snapshot: Snapshot): string[] {
  const totals = snapshot.totals as Readonly<Record<string, number | undefined>>;
  const {size = 0, regions = 0, rss} = totals;
  const isRollup = snapshot.source.format === 'smaps_rollup';
  const space = isRollup
    ? ''
    : `It has ${sizeText(size)} of address space in ${regions} ${regions === 1 ? 'region' : 'regions'}: that is what it may touch.`;
  if (rss === undefined) return [`${space}${knownFromStatus(snapshot)}`];
  const resident = isRollup
    ? `${sizeText(rss)} are in RAM now.`
    : `Of that ${sizeText(rss)} are in RAM now (${percent(rss, size)}).`;
  return [
    [space, resident].filter(Boolean).join(' '),
    shareText(totals),
    dirtyText(totals),
    swapText(totals),
    besideText(snapshot),
  ].filter((text) => text !== '');
}

function knownFromStatus(snapshot: Snapshot): string {
  const rss = snapshot.status['vmRss'];
  return typeof rss === 'number' ? ` By its status ${sizeText(rss)} are in RAM now.` : '';
}

type Totals = Readonly<Record<string, number | undefined>>;

function shareText({rss = 0, pss}: Totals): string {
  if (pss === undefined) return '';
  const others = rss - pss;
  if (others < rss / 100)
    return `Its fair share (PSS) is ${sizeText(pss)}: hardly anything of it is used by others too.`;
  return `Its fair share (PSS) is ${sizeText(pss)}: other processes use the same pages for the remaining ${sizeText(others)}, mostly code of libraries, or what parent and child share after fork.`;
}

function dirtyText({privateDirty, rss = 0}: Totals): string {
  if (privateDirty === undefined) return '';
  return `${sizeText(privateDirty)} are private dirty (${percent(privateDirty, rss)} of what is resident): only this process has them, they can't be dropped, and they come free when it ends.`;
}

function swapText({swap, swapPss}: Totals): string {
  if (swap === undefined) return '';
  if (swap === 0) return 'Nothing is out on swap.';
  const share = swapPss === undefined || swapPss === swap ? '' : ` (fair share ${sizeText(swapPss)})`;
  return `${sizeText(swap)} are out on swap${share}: touching them again takes a disk access a page.`;
}

/** What RSS and PSS leave out, and the peak. */
function besideText(snapshot: Snapshot): string {
  const {vmPte, vmHwm, hugetlbPages} = snapshot.status as Record<string, number | undefined>;
  const {privateHugetlb = 0, sharedHugetlb = 0} = snapshot.totals as Totals;
  const hugetlb = Math.max(hugetlbPages ?? 0, privateHugetlb + sharedHugetlb);
  const parts = [
    hugetlb > 0 && `${sizeText(hugetlb)} of hugetlb pages`,
    vmPte !== undefined && vmPte > 0 && `${sizeText(vmPte)} of page tables`,
  ].filter(Boolean);
  const beside = parts.length > 0 ? `On top come ${parts.join(' and ')}, which no RSS counts.` : '';
  const peak = vmHwm === undefined ? '' : `The most that was ever resident is ${sizeText(vmHwm)}.`;
  return [beside, peak].filter(Boolean).join(' ');
}
