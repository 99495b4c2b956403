import {counted, sizeText} from '../../../model/amounts.ts';
import {familyTotals} from '../../../model/family.ts';
import {riseOf} from '../../growth/growth.ts';
import {slopeText} from '../../growth/words.ts';
import type {Figures} from '../figures.ts';
import {type Finding, rowsOf} from '../finding.ts';
import {familyParts, shareOf} from '../facts/parts.ts';
import {PAGES} from './pages.ts';

const row = rowsOf<Figures>();
const MIB = 1024 * 1024;

const whyOf = (pid: string) => ({command: `memmap why ${pid}`, why: 'the largest of them: what holds its memory'});

/** What a process and its descendants have together. */
export const FAMILY_FINDINGS: ReadonlyArray<Finding<Figures>> = [
  row({
    name: 'family-grows',
    tier: 'growth',
    when: ({facts: {familyGrowth, family}}) =>
      familyGrowth?.total.verdict === 'steady growth' && riseOf(familyGrowth.total) >= MIB / 2
        ? {total: familyGrowth.total, member: familyGrowth.members[0], family: family!}
        : undefined,
    weight: ({total}) => riseOf(total),
    sentence: ({total, member, family}) => {
      const kin = member?.kin;
      const most = kin ? `, most of it in ${kin.comm} (pid ${kin.pid})` : '';
      return (
        `The ${counted(family.members.length, 'process', 'processes')} grow by ${slopeText(total.slope!)} ` +
        `together${most}.`
      );
    },
    evidence: 'smaps_rollup Pss, status VmRSS of all over time',
    certain: true,
    next: ({member}, {pid}) => [
      whyOf(String(member?.kin?.pid ?? pid)),
      {
        command: `memmap growth ${pid} --children --for 10m`,
        why: 'a cache stops growing once it is full; a leak does not',
      },
    ],
  }),
  row({
    name: 'family-shared',
    tier: 'state',
    when: ({facts: {family}}) => {
      const {usage, counted: known, processes} = familyTotals(family!.members);
      const {rss = 0, pss = 0} = usage;
      return known === processes && rss - pss >= 32 * MIB && rss - pss >= rss / 3 ? {rss, pss, processes} : undefined;
    },
    weight: ({rss, pss}) => rss - pss,
    sentence: ({rss, pss, processes}) =>
      `Together the ${counted(processes, 'process', 'processes')} cost ${sizeText(pss)} (PSS), not the ` +
      `${sizeText(rss)} that their RSS adds up to: ${sizeText(rss - pss)} of that is shared memory counted again.`,
    evidence: 'smaps_rollup Rss, Pss of each',
    certain: true,
    next: (_, {pid}) => [
      {command: `memmap show ${pid} --children`, why: 'each process by PSS'},
      {command: `memmap cow ${pid}`, why: 'what is still shared since fork, and what was copied'},
    ],
  }),
  row({
    name: 'family-largest',
    tier: 'holds',
    when: ({facts: {family}}) => {
      const {parts, total} = familyParts(family!);
      const [first] = parts;
      return first && total >= 64 * MIB && first.bytes > total / 2 ? {first, total} : undefined;
    },
    weight: ({first}) => first.bytes,
    sentence: ({first, total}, {facts}) =>
      `${first.what} has ${shareOf(first.bytes, total).replace(' its ', ' the ')} that the ` +
      `${counted(facts.family!.members.length, 'process', 'processes')} cost together (PSS).`,
    evidence: 'smaps_rollup Pss of each',
    certain: ({first}) => first.certain,
    next: ({first}, {pid}) => [
      whyOf(first.key),
      {command: `memmap show ${pid} --children`, why: 'each process by PSS'},
    ],
  }),
  ...PAGES.filter(({name}) => name.startsWith('copied')),
];
