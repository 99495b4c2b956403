import {type GroupName, PART_KEYS} from '../../model/group/group.ts';
import {GROUP_WORDS, type GroupMeasure} from '../../model/group/sample.ts';
import type {Unread} from '../../model/host/processes.ts';
import {counted, sizeText, spanText} from '../../model/amounts.ts';
import type {GroupRecording} from '../../recording/group.ts';
import {safe} from '../../text/safe.ts';
import {growthOfGroup, growthOfRecordedGroup} from '../growth/group-target.ts';
import type {GroupGrowth} from '../growth/group.ts';
import {type GroupBill, groupNotes, lookAtGroup} from '../show/group.ts';
import {type Answer, growthSaid, restOf, withAhead} from './answer.ts';
import type {Missing} from './facts/facts.ts';
import {findingsIn} from './finding.ts';
import {GROUP_FINDINGS} from './findings/group.ts';
import type {GroupFigures} from './group-figures.ts';
import {type LimitLine, OOM} from './facts/limits.ts';
import type {Part, Parts} from './facts/parts.ts';
import type {WhyOptions} from './facts/process.ts';

const LEAST = 64 * 1024;

/** @throws Trouble as lookAtGroup does */
export async function answerOfGroup(
  name: GroupName,
  options: WhyOptions,
): Promise<{readonly answer: Answer; readonly signal?: NodeJS.Signals | undefined}> {
  const word = `${name.kind}:${name.id}`;
  const {growth, title, signal, notes, isWhole} = await growthOfGroup(name, {
    ...options,
    interval: undefined,
    measure: 'usage',
    least: LEAST,
  });
  const bill = isWhole || signal ? lookAtGroup(name, options.root, options.maxStall) : undefined;
  const figures: GroupFigures = {
    name: word,
    title,
    growth,
    usage: bill?.group.usage ?? growth.total.last,
    holds: bill ? partsOf(bill.parts, bill.residue) : partsOf(amountsOf(growth), 0),
    limits: bill ? limitsOf(bill, growth) : [],
    members: bill?.members,
    bill,
    isLive: true,
  };
  const missing = [...unread(figures), ...notes.map(noted), ...(bill ? groupNotes(bill).map(noted) : [])];
  return {answer: answered(figures, missing), signal};
}

const noted = (note: string): Missing => ({what: 'exactness', why: note.replace(/\.$/, ''), next: ''});

/** The same of a recording. */
export function answerOfRecordedGroup(recording: GroupRecording, file: string): Answer {
  const {growth, title} = growthOfRecordedGroup(recording, 'usage', LEAST);
  const figures: GroupFigures = {
    name: file,
    title,
    growth,
    usage: growth.total.last,
    holds: partsOf(amountsOf(growth), 0),
    limits: [],
    members: undefined,
    bill: undefined,
    isLive: false,
  };
  const {kind, id} = recording.header.group;
  return answered(figures, [
    {what: 'limits and processes', why: 'a recording of a group has its bill alone', next: `memmap why ${kind}:${id}`},
  ]);
}

type Amounts = Readonly<Partial<Record<GroupMeasure, number | undefined>>>;

const amountsOf = ({lines}: GroupGrowth): Amounts =>
  Object.fromEntries(lines.filter(({points}) => points.t.length > 0).map(({measure, last}) => [measure, last]));

/** What is charged, part by part. */
function partsOf(amounts: Amounts, residue: number): Parts {
  const parts = PART_KEYS.flatMap((key): Part[] => {
    const bytes = amounts[key] ?? 0;
    return bytes > 0
      ? [{key, what: GROUP_WORDS[key], bytes, certain: true, evidence: 'memory.stat of the cgroup'}]
      : [];
  });
  if (residue > 0)
    parts.push({
      key: 'residue',
      what: 'what no part tells',
      bytes: residue,
      certain: true,
      evidence: 'usage less memory.stat',
    });
  const total = parts.reduce((sum, {bytes}) => sum + bytes, 0);
  return {total, isMemory: true, parts: parts.sort((a, b) => b.bytes - a.bytes)};
}

/** Its own limit, and those of its ancestors. */
function limitsOf({group, parts}: GroupBill, {total}: GroupGrowth): LimitLine[] {
  const rate = total.verdict === 'steady growth' ? total.slope?.slope : undefined;
  return group.limits.map(({path, file, limit, used}): LimitLine => {
    const bound = Math.max(0, used - (path === group.path ? (parts.unmappedCache ?? 0) : 0));
    return {
      limit: `${file} of ${safe(path)}`,
      used,
      max: limit,
      bound,
      in: rate !== undefined && rate > 0 ? Math.max(0, limit - bound) / rate : undefined,
      effect: OOM,
      evidence: `${file} and the usage of the cgroup`,
      isCount: false,
    };
  });
}

function unread({bill, name}: GroupFigures): Missing[] {
  if (!bill) return [{what: 'its bill now', why: 'it was removed meanwhile', next: 'memmap ps --by cgroup'}];
  return Object.entries(bill.unread).map(([why, count]) => ({
    what: `PSS of ${counted(count, 'process', 'processes')}`,
    why: UNREAD[why as Unread],
    next: why === 'denied' ? `sudo memmap why ${name}` : `memmap why ${name} --max-stall 1s`,
  }));
}

const UNREAD: Readonly<Record<Unread, string>> = {
  denied: 'it may not be read',
  stall: 'reading it would hold the process up for longer than --max-stall',
  budget: 'reading all would hold them up for longer than is allowed',
  blocked: 'a thread of it waits in the kernel, and reading may wait for that',
  deadline: 'reading took too long',
};

function answered(figures: GroupFigures, missing: readonly Missing[]): Answer {
  const found = findingsIn(GROUP_FINDINGS, figures);
  const first = found.find(({tier}) => tier !== 'aside');
  const growth = growthSaid('usage', figures.growth.total, figures.growth.span, '');
  const [most] = figures.holds.parts;
  const largest = most ? `, most of it ${most.what} (${sizeText(most.bytes)})` : '';
  const nothing = {
    name: 'nothing',
    certain: true,
    evidence: 'all checks of why',
    sentence:
      `Nothing wrong was found: ${sizeText(figures.usage)} ` +
      `${figures.bill ? 'is charged' : 'was charged in the last sample'}${largest}; ` +
      `${growth.text.split(':')[0]}.`,
  };
  const members = figures.members === undefined ? '' : `, ${counted(figures.members.length, 'process', 'processes')}`;
  const over = `${figures.isLive ? '; watched for' : ', over'} ${spanText(figures.growth.span)}`;
  return {
    target: {is: 'group', name: figures.name, pid: null, comm: null, exe: null, format: 'cgroup', ended: false},
    who: `${figures.title}${members}${over}`,
    finding: first ? withAhead(first, figures.limits) : nothing,
    holds: figures.holds,
    growth,
    kept: undefined,
    limits: figures.limits,
    ...restOf(found, first, figures.limits),
    missing,
  };
}
