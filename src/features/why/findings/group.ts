import {counted, sizeText, spanText} from '../../../model/amounts.ts';
import {PART_KEYS} from '../../../model/group/group.ts';
import {GROUP_WORDS} from '../../../model/group/sample.ts';
import {safe} from '../../../text/safe.ts';
import {riseOf} from '../../growth/growth.ts';
import {slopeText} from '../../growth/words.ts';
import {type Finding, rowsOf, type Step} from '../finding.ts';
import {type GroupFigures, partOf} from '../group-figures.ts';
import {isFull, partOf as fullness} from '../facts/limits.ts';
import {shareOf} from '../facts/parts.ts';

const row = rowsOf<GroupFigures>();
const MIB = 1024 * 1024;

/** What only says which part is the largest. */
const isMuch = (bytes: number, {usage}: GroupFigures, part: number): boolean =>
  bytes >= 16 * MIB && bytes >= part * usage;

/** The largest process of it. */
function largest({members = []}: GroupFigures): {readonly text: string; readonly step: Step[]} {
  const [first] = members;
  if (!first) return {text: '', step: []};
  const has = first.pss ?? first.rss;
  return {
    text:
      has === undefined ? '' : `; the largest process is ${safe(first.name)} (pid ${first.pid}) with ${sizeText(has)}`,
    step: [{command: `memmap why ${first.pid}`, why: 'what holds the memory of its largest process'}],
  };
}

const showStep = ({name}: GroupFigures): Step => ({
  command: `memmap show ${name}`,
  why: 'the whole bill, its limits, what happened at them, and each process',
});

/** All that `why` can find out about a cgroup. */
export const GROUP_FINDINGS: ReadonlyArray<Finding<GroupFigures>> = [
  row({
    name: 'near-limit',
    tier: 'limit',
    when: ({limits}) => limits.filter(isFull).sort((a, b) => fullness(b) - fullness(a))[0],
    weight: ({used, max}) => used / max,
    sentence: (line, figures) => {
      const [first] = figures.holds.parts.filter(({key}) => key !== 'unmappedCache');
      const what = first ? ` What fills it is ${first.what}, ${sizeText(first.bytes)}` : '';
      const soon = line.in === undefined ? '' : `, and at this rate is full in ${spanText(line.in)}`;
      return (
        `It is near its limit: ${line.limit} leaves ${sizeText(Math.max(0, line.max - line.bound))} of ` +
        `${sizeText(line.max)}${soon}. At the limit ${line.effect}.${what}${first ? `${largest(figures).text}.` : ''}`
      );
    },
    evidence: ({evidence}) => `${evidence}, memory.stat`,
    certain: true,
    next: (_, figures) => [...largest(figures).step, showStep(figures)],
  }),
  row({
    name: 'group-grows',
    tier: 'growth',
    when: ({growth}) => {
      const {total, lines} = growth;
      if (total.verdict !== 'steady growth' || riseOf(total) < MIB) return undefined;
      const parts: ReadonlySet<string> = new Set(PART_KEYS);
      const [part] = lines.filter(({measure}) => parts.has(measure)).sort((a, b) => riseOf(b) - riseOf(a));
      return {total, part};
    },
    weight: ({total}) => riseOf(total),
    sentence: ({total, part}, figures) => {
      const what = part && riseOf(part) > 0 ? ` Most of it is ${GROUP_WORDS[part.measure]}` : '';
      const whose =
        part?.measure === 'anon'
          ? largest(figures).text
          : part?.measure === 'unmappedCache'
            ? ', which can be taken back'
            : '';
      return `Its usage grows by ${slopeText(total.slope!)}.${what}${whose}${what === '' ? '' : '.'}`;
    },
    evidence: 'usage and memory.stat of the cgroup over time',
    certain: true,
    next: ({part}, figures) => [
      ...(part?.measure === 'anon' ? largest(figures).step : []),
      {
        command: `memmap growth ${figures.name} --for 10m`,
        why: 'a cache stops growing once it is full; a leak does not',
      },
      showStep(figures),
    ],
  }),
  row({
    name: 'page-cache',
    tier: 'state',
    when: (figures) => isMuch(partOf(figures, 'unmappedCache'), figures, 0.4) && partOf(figures, 'unmappedCache'),
    weight: (bytes) => bytes,
    sentence: (bytes, {holds}) =>
      `${shareOf(bytes, holds.total)} is page cache of files that its processes read or wrote and none maps: not ` +
      'theirs, not a leak, and taken back when memory runs short.',
    evidence: 'memory.stat file (cache), less what processes map',
    certain: true,
    next: (_, figures) => [
      showStep(figures),
      {
        command: 'compare usage − inactive_file with the limit',
        why: 'that is what orchestrators call the working set: cache alone kills nobody',
      },
    ],
  }),
  row({
    name: 'tmpfs',
    tier: 'state',
    when: (figures) => isMuch(partOf(figures, 'shmem'), figures, 0.3) && partOf(figures, 'shmem'),
    weight: (bytes) => bytes,
    sentence: (bytes, {holds}) =>
      `${shareOf(bytes, holds.total)} is shared memory and tmpfs: files in /dev/shm, /tmp or memfds. It stays ` +
      "until the files are deleted, also when processes end; without swap it can't be taken back.",
    evidence: 'memory.stat shmem',
    certain: true,
    next: (_, figures) => [
      {
        command: 'df -h -t tmpfs; ls -lS /dev/shm',
        why: 'which files there are, seen in the mount namespace of the group',
      },
      {command: 'memmap ps --held --sort held', why: 'memfds and deleted files that processes keep open'},
      showStep(figures),
    ],
  }),
  row({
    name: 'kernel-memory',
    tier: 'state',
    when: (figures) => {
      const bytes = ['slab', 'kernelStack', 'pageTables', 'sock', 'other'].reduce(
        (sum, key) => sum + partOf(figures, key),
        0,
      );
      return isMuch(bytes, figures, 0.4) && bytes;
    },
    weight: (bytes) => bytes,
    sentence: (bytes, {holds}) =>
      `${shareOf(bytes, holds.total)} is memory of the kernel on its behalf: names and inodes of files (slab), ` +
      'page tables, sockets.',
    evidence: 'memory.stat slab, kernel_stack, pagetables, sock; memory.kmem of version 1',
    certain: true,
    next: (_, figures) => [
      showStep(figures),
      {command: 'slabtop -o | head', why: 'which objects the machine has most of (root)'},
    ],
  }),
  row({
    name: 'killed',
    tier: 'aside',
    when: ({bill}) => bill && (bill.group.events.oomKill ?? 0) > 0 && bill.group.events.oomKill,
    weight: (count) => count,
    sentence: (count) =>
      `The kernel has killed ${counted(count, 'process', 'processes')} of it for want of memory (OOM).`,
    evidence: 'memory.events oom_kill; memory.oom_control of version 1',
    certain: true,
    next: () => [{command: 'dmesg | memmap explain -', why: 'what the OOM killer saw and whom it chose'}],
  }),
  row({
    name: 'processes',
    tier: 'holds',
    when: (figures) => isMuch(partOf(figures, 'anon'), figures, 0.5) && partOf(figures, 'anon'),
    weight: (bytes) => bytes,
    sentence: (bytes, figures) =>
      `${shareOf(bytes, figures.holds.total)} is anonymous memory of its processes${largest(figures).text}.`,
    evidence: 'memory.stat anon (rss)',
    certain: true,
    next: (_, figures) => [...largest(figures).step, showStep(figures)],
  }),
];
