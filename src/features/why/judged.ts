import {counted, sizeText, spanText} from '../../model/amounts.ts';

import {safe} from '../../text/safe.ts';
import {who} from '../../text/process/who.ts';
import {riseOf} from '../growth/growth.ts';
import {type Answer, growthSaid, type GrowthSaid, type Kept, restOf, withAhead} from './answer.ts';
import type {Facts} from './facts/facts.ts';
import {Figures} from './figures.ts';
import {findingsIn} from './finding.ts';
import {FAMILY_FINDINGS} from './findings/family.ts';
import {PROCESS_FINDINGS} from './findings/table.ts';
import {familyParts, shareText, type Parts} from './facts/parts.ts';

/** What the facts about a process, or a family, come to. */
export function answerOf(facts: Facts): Answer {
  const figures = new Figures(facts);
  const isFamily = (facts.family?.members.length ?? 0) > 1;
  const found = findingsIn(isFamily ? FAMILY_FINDINGS : PROCESS_FINDINGS, figures);
  const first = found.find(({tier}) => tier !== 'aside');
  const holds = isFamily ? familyParts(facts.family!) : figures.holds;
  const growth = growthOf(facts, isFamily);
  const {process, source} = facts.snapshot;
  return {
    target: {
      is: isFamily ? 'family' : facts.subject,
      name: facts.name,
      pid: process.pid ?? null,
      comm: process.comm ?? null,
      exe: process.exe ?? null,
      format: source.format,
      ended: facts.hasEnded,
    },
    who: whoOf(figures, isFamily),
    finding: first ? withAhead(first, figures.limits) : nothing(holds, growth, figures),
    holds,
    growth,
    kept: keptOf(figures),
    limits: facts.hasEnded ? [] : figures.limits,
    ...(facts.hasEnded ? {...restOf(found, first, []), next: [AGAIN]} : restOf(found, first, figures.limits)),
    missing: facts.missing,
  };
}

/** What there is to do about a process that has ended. */
const AGAIN = {
  command: 'memmap run -- COMMAND',
  why: 'watches it from its first instruction to its end, with its peak',
};

function whoOf({facts}: Figures, isFamily: boolean): string {
  const {snapshot, growth, hasEnded, family} = facts;
  const isLive = facts.pid !== undefined;
  const kin = isFamily ? `, and ${counted(family!.members.length - 1, 'descendant')}` : '';
  const span = growth ? spanText(growth.span) : '';
  const watched = !growth
    ? ''
    : hasEnded
      ? `; it ended after ${span}`
      : isLive
        ? `; watched for ${span}`
        : `, over ${span}`;
  return `${who(snapshot)}${kin}${watched}`;
}

function growthOf({growth, held, familyGrowth}: Facts, isFamily: boolean): GrowthSaid {
  const span = growth?.span ?? 0;
  if (isFamily && familyGrowth)
    return growthSaid(`${familyGrowth.measure === 'pss' ? 'PSS' : 'RSS'} of all`, familyGrowth.total, span, '');
  const isHeld = held !== undefined && held.last - held.first > Math.max(0, growth ? riseOf(growth.total) : 0);
  if (isHeld) return growthSaid('what descriptors hold', held, span, '');
  return growthSaid('resident memory', growth?.total, span, 'this is one moment');
}

/** What there is to say where no row of the table applies. */
function nothing(holds: Parts, {verdict, watched}: GrowthSaid, {facts, snapshot}: Figures): Answer['finding'] {
  const [first] = holds.parts;
  const flat =
    verdict === 'flat' ||
    verdict === 'sawtooth' ||
    verdict === 'shrinks' ||
    verdict === 'step' ||
    verdict === 'plateau';
  const grows =
    watched === 0
      ? 'one moment does not say whether it grows'
      : flat
        ? `no growth was seen in ${spanText(watched)}`
        : verdict === 'steady growth'
          ? 'it grows, by little'
          : 'whether it grows was not seen';
  if (!first)
    return {
      name: 'unknown',
      certain: true,
      evidence: 'nothing could be read',
      sentence: `What holds its memory is not known, and ${grows}.`,
    };
  if (snapshot.table.length === 0 || first.evidence.startsWith('status '))
    return {
      name: 'status-only',
      certain: true,
      evidence: 'status',
      sentence:
        `It ${facts.hasEnded ? 'held' : 'holds'} ${sizeText(holds.total)}, ${shareText(first.bytes, holds.total)} ` +
        `of it ${first.what}. What it ` +
        `${facts.hasEnded ? 'was used for was not read before it ended' : 'is used for may not be read here'}, and ` +
        `${grows}.`,
    };
  if (facts.subject === 'core')
    return {
      name: 'sizes-only',
      certain: true,
      evidence: 'program headers of the core',
      sentence:
        `The core has ${sizeText(holds.total)} of address space, most for ${safe(first.what)} ` +
        `(${sizeText(first.bytes)}); how much of it was in RAM is not in it, and ${grows}.`,
    };
  if (facts.hasEnded && !holds.isMemory)
    return {
      name: 'sizes-only',
      certain: true,
      evidence: 'maps, status VmRSS over time',
      sentence:
        `It ended before memmap read what its memory is used for: ${sizeText(facts.growth?.total.last ?? 0)} was ` +
        `resident when last seen. Most of its ${sizeText(holds.total)} of addresses is ${safe(first.what)} ` +
        `(${sizeText(first.bytes)}).`,
    };
  if (!holds.isMemory)
    return {
      name: 'sizes-only',
      certain: true,
      evidence: 'maps',
      sentence:
        `The listing has no memory, only addresses: ${sizeText(holds.total)} of them, ` +
        `most for ${safe(first.what)} (${sizeText(first.bytes)}); how much is in RAM is not in it, and ${grows}.`,
    };
  return {
    name: 'nothing',
    certain: true,
    evidence: 'all checks of why',
    sentence:
      `${nothingText(watched, facts.hasEnded)}: ` +
      `${sizeText(holds.total)}, ${first.bytes > holds.total / 2 ? 'most of it' : 'the largest part'} ` +
      `${safe(first.what)} ` +
      `(${sizeText(first.bytes)})${watched === 0 ? '. One moment does not say whether it grows.' : `, and ${grows}.`}`,
  };
}

/** @param watched ms */
function nothingText(watched: number, hasEnded: boolean): string {
  if (watched === 0) return 'Nothing stands out in this one moment';
  return hasEnded ? 'Until it ended nothing wrong was found' : 'Nothing wrong was found';
}

/** What could come back. */
function keptOf(figures: Figures): Kept | undefined {
  const {malloc} = figures;
  const [lazyFree, pythons] = [figures.part('lazyFree'), figures.part('pythonKept')];
  if (!malloc && lazyFree === 0 && pythons === 0) return undefined;
  const {freeResident = 0, trimmable = 0, isTorn = false} = malloc ?? {};
  const parts = [
    malloc &&
      `${sizeText(freeResident)} is free and kept by malloc; malloc_trim(0) would give ` +
        `${trimmable === 0 ? 'nothing' : sizeText(trimmable)} back`,
    pythons > 0 && `${sizeText(pythons)} is free and kept in Python's arenas`,
    lazyFree > 0 && `${sizeText(lazyFree)} was given back with MADV_FREE, and the kernel takes it when it needs it`,
  ].filter(Boolean);
  return {free: freeResident + pythons, trimmable, lazyFree, certain: !isTorn, text: parts.join('; ')};
}
