import {counted, countText, spanText} from '../../../model/amounts.ts';
import type {Figures} from '../figures.ts';
import {type Finding, rowsOf, type Step} from '../finding.ts';
import {amount, type LimitLine} from '../facts/limits.ts';
import {shareOf} from '../facts/parts.ts';
import {commonest} from './growth.ts';
import {askRuntime, causeStep, growthStep, showStep} from './steps.ts';

const row = rowsOf<Figures>();

const mostRegions = ({snapshot}: Figures): string => {
  const most = commonest(snapshot);
  return most && most.count > snapshot.table.length / 3 ? ` ${countText(most.count)} of them are ${most.what}.` : '';
};

/** What fills it, for a limit of memory. */
function filler({holds}: Figures): string {
  const [first] = holds.parts;
  if (!first || !holds.isMemory) return '';
  return ` What holds most is ${first.what}: ${shareOf(first.bytes, holds.total)}.`;
}

const soon = ({in: ms}: LimitLine): string => (ms === undefined ? '' : `, and at this rate is full in ${spanText(ms)}`);

/** prlimit(2): CAP_SYS_RESOURCE is needed to raise the hard limit alone. */
const RAISES = 'raises the limit while it runs (above the hard limit: root)';

const RAISE: Readonly<Record<string, Step>> = {
  'vm.max_map_count': {
    command: 'sysctl -w vm.max_map_count=262144',
    why: 'allows more regions, for all processes: it buys time, and does not mend what makes them',
  },
  RLIMIT_DATA: {command: 'prlimit --pid PID --data=SIZE', why: RAISES},
  RLIMIT_AS: {command: 'prlimit --pid PID --as=SIZE', why: RAISES},
  RLIMIT_MEMLOCK: {command: 'prlimit --pid PID --memlock=SIZE', why: RAISES},
  RLIMIT_NOFILE: {
    command: 'prlimit --pid PID --nofile=COUNT',
    why: `${RAISES}: it buys time, and does not mend a leak of descriptors`,
  },
  RLIMIT_STACK: {command: 'prlimit --pid PID --stack=SIZE', why: RAISES},
};

const raise = ({limit}: LimitLine, {pid}: Figures): Step[] => {
  const step = RAISE[limit];
  return step ? [{...step, command: step.command.replace('PID', pid)}] : [];
};

/** Who has what is counted: open files, or tasks. */
const countSteps = ({limit}: LimitLine, {pid}: Figures): Step[] =>
  limit === 'RLIMIT_NOFILE'
    ? [{command: `ls -l /proc/${pid}/fd`, why: 'what the open files are: those that come again and again leak'}]
    : [{command: 'memmap ps --by cgroup', why: 'how many processes and threads each cgroup has'}];

export const LIMITS: ReadonlyArray<Finding<Figures>> = [
  row({
    name: 'near-max-map-count',
    tier: 'limit',
    when: ({full}) => full?.limit === 'vm.max_map_count' && full,
    weight: ({used, max}) => used / max,
    sentence: (line, figures) =>
      `It has ${countText(line.used)} of the ${counted(line.max, 'region')} that vm.max_map_count ` +
      `allows${soon(line)}: at the limit ${line.effect}.${mostRegions(figures)}`,
    evidence: ({evidence}) => evidence,
    certain: true,
    next: (line, figures) => [
      showStep(figures, '--room', 'what the regions are, and what keeps neighbours apart'),
      ...raise(line, figures),
      {command: `memmap watch ${figures.pid}`, why: 'names each mapping as it comes'},
    ],
  }),
  row({
    name: 'near-limit',
    tier: 'limit',
    when: ({full}) => full?.limit !== 'vm.max_map_count' && full,
    weight: ({used, max}) => used / max,
    sentence: (line, figures) =>
      `It is near a limit: ${line.limit} leaves ${amount(line, Math.max(0, line.max - line.bound))} of ` +
      `${amount(line, line.max)}${soon(line)}. At the limit ${line.effect}.${line.isCount ? '' : filler(figures)}`,
    evidence: ({evidence}) => evidence,
    certain: true,
    next: (line, figures) => [
      ...(line.isCount
        ? countSteps(line, figures)
        : [showStep(figures, '--summary --room', 'what holds the memory, and how far each limit is')]),
      ...(figures.isAlive && !line.isCount ? [growthStep(figures)] : []),
      ...raise(line, figures),
      ...(line.isCount ? [] : askRuntime(figures)),
    ],
  }),
  row({
    name: 'many-regions',
    tier: 'state',
    when: ({unusual, full}) => full?.limit !== 'vm.max_map_count' && unusual.find(({what}) => what === 'many-regions'),
    // Each is about 200 bytes of the kernel's; what counts is how many there may be.
    weight: (_, {snapshot}) => snapshot.table.length * 64 * 1024,
    sentence: ({text}, figures) => `It has ${text}${mostRegions(figures)}`,
    evidence: 'lines of maps',
    certain: true,
    next: (_, figures) => [
      showStep(figures, '--room', 'what the regions are, and what keeps neighbours apart'),
      {command: 'sysctl vm.max_map_count', why: 'how many there may be on the machine'},
    ],
  }),
  row({
    name: 'same-file',
    tier: 'state',
    when: ({snapshot}) => {
      const most = commonest(snapshot);
      const isMost = most?.what.startsWith('/') === true && most.count >= 256 && most.count > snapshot.table.length / 2;
      return isMost ? most : undefined;
    },
    weight: ({count}) => count * 64 * 1024,
    sentence: ({what, count}, {snapshot}) =>
      `It maps the same file again and again: ${countText(count)} of its ` +
      `${counted(snapshot.table.length, 'region')} are ${what}. If that is not meant, mappings leak; ` +
      'vm.max_map_count bounds them.',
    evidence: 'lines of maps',
    certain: false,
    next: (_, figures) => [
      showStep(figures, '--summary --by file', 'how many regions each file has'),
      ...(figures.isAlive ? [causeStep(figures)] : []),
    ],
  }),
];
