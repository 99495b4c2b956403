import {counted, countText, sizeText, spanText} from '../../../model/amounts.ts';
import type {Figures} from '../figures.ts';
import {type Finding, rowsOf, type Step} from '../finding.ts';
import type {LimitLine} from '../limits.ts';
import {shareOf} from '../parts.ts';
import {commonest} from './growth.ts';
import {askRuntime, growthStep, showStep} from './steps.ts';

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

const RAISE: Readonly<Record<string, Step>> = {
  'vm.max_map_count': {
    command: 'sysctl -w vm.max_map_count=262144',
    why: 'allows more regions, for all processes: it buys time, and does not mend what makes them',
  },
  RLIMIT_DATA: {command: 'prlimit --pid PID --data=SIZE', why: 'raises the limit of the running process (root)'},
  RLIMIT_AS: {command: 'prlimit --pid PID --as=SIZE', why: 'raises the limit of the running process (root)'},
  RLIMIT_MEMLOCK: {command: 'prlimit --pid PID --memlock=SIZE', why: 'raises the limit of the running process (root)'},
  RLIMIT_STACK: {command: 'prlimit --pid PID --stack=SIZE', why: 'raises the limit of the running process (root)'},
};

const raise = ({limit}: LimitLine, {pid}: Figures): Step[] => {
  const step = RAISE[limit];
  return step ? [{...step, command: step.command.replace('PID', pid)}] : [];
};

export const LIMITS: ReadonlyArray<Finding<Figures>> = [
  row({
    name: 'near-max-map-count',
    tier: 'limit',
    when: ({full}) => full?.limit === 'vm.max_map_count' && full,
    weight: ({used, max}) => used / max,
    sentence: (line, figures) =>
      `It has ${countText(line.used)} of the ${counted(line.max, 'region')} that vm.max_map_count allows${soon(line)}: ` +
      `${line.effect}.${mostRegions(figures)}`,
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
      `It is near a limit: ${line.limit} leaves ${sizeText(Math.max(0, line.max - line.bound))} of ` +
      `${sizeText(line.max)}${soon(line)}; ${line.effect}.${filler(figures)}`,
    evidence: ({evidence}) => evidence,
    certain: true,
    next: (line, figures) => [
      showStep(figures, '--summary --room', 'what holds the memory, and how far each limit is'),
      ...(figures.isAlive ? [growthStep(figures)] : []),
      ...raise(line, figures),
      ...askRuntime(figures),
    ],
  }),
];
