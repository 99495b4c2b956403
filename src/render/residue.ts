import {residueOf} from '../model/residue.ts';
import {sizeText} from '../model/size.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {wrapped} from './wrap.ts';
import type {Look} from './snapshot.ts';

export interface ResidueLook extends Look {
  /** Say also what is as expected. */
  readonly full?: boolean | undefined;
}

/** PSS that may be too low by less than this part of it needs no word. */
const SMALL = 0.1;

/** Why the totals differ from other numbers of the same process, and what they leave out. */
export function renderResidue(snapshot: Snapshot, look: ResidueLook = {}): string[] {
  const {rss, size, pageTables = 0, hugetlb = 0, pssCut = 0} = residueOf(snapshot);
  const pss = snapshot.totals['pss'] ?? 0;
  const sentences: string[] = [];
  const beside = [
    pageTables > 0 && `page tables ${sizeText(pageTables)} (VmPTE)`,
    hugetlb > 0 && `huge pages of the hugetlb pool ${sizeText(hugetlb)}`,
  ].filter(Boolean);
  if (beside.length > 0) sentences.push(`Not in the total: ${beside.join(', and ')}.`);
  if (rss && rss.regions !== rss.status) {
    sentences.push(`status has ${sizeText(rss.status)} resident (VmRSS): it was read a moment before the regions, and kernels before 6.16 count it in batches.`); // prettier-ignore
  } else if (rss && look.full)
    sentences.push('The regions add up to what status says is resident (VmRSS), to the byte.');
  if (size && look.full && size.regions !== size.status)
    sentences.push(`status has ${sizeText(size.status)} of address space (VmSize).`);
  if (pssCut > 0 && (look.full || pssCut > pss * SMALL))
    sentences.push(`PSS is cut to whole KiB in each region, so its total is too low by less than ${sizeText(pssCut)}.`);
  if (!rss && typeof snapshot.status['vmRss'] === 'number')
    sentences.push(`Resident in all: ${sizeText(snapshot.status['vmRss'])} (VmRSS of status).`);
  return sentences.flatMap((sentence) => wrapped(sentence, look.width));
}
