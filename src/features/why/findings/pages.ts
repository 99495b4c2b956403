import {counted, deltaText, sizeText, spanText} from '../../../model/amounts.ts';
import {MEASURES} from '../../../model/measures.ts';
import {heldText} from '../../../text/process/held.ts';
import type {Figures} from '../figures.ts';
import {type Finding, rowsOf} from '../finding.ts';
import {shareOf, shareText} from '../facts/parts.ts';
import {isMuch} from './malloc.ts';
import {growthStep, showStep} from './steps.ts';

const row = rowsOf<Figures>();
const MIB = 1024 * 1024;

/** What the kernel's own counters say of the pages: given back, huge, swapped, shared, held. */
export const PAGES: ReadonlyArray<Finding<Figures>> = [
  row({
    name: 'lazy-free',
    tier: 'state',
    when: (figures) => isMuch(figures.part('lazyFree'), figures) && figures.part('lazyFree'),
    weight: (bytes) => bytes,
    sentence: (bytes, {holds, runtime}) =>
      `${shareOf(bytes, holds.total)} was given back already (MADV_FREE${runtime ? `, by ${runtime.name}` : ''}) ` +
      'and still counts as resident: the kernel takes it when memory runs short. Not a leak.',
    evidence: 'smaps LazyFree',
    certain: true,
    next: (_, {runtime, pid}) =>
      runtime?.name === 'Go'
        ? [
            {
              command: 'GODEBUG=madvdontneed=1',
              why: 'at the next start: RSS then falls at once (the default since Go 1.16)',
            },
            ...runtime.ask(pid),
          ]
        : [{command: `memmap show ${pid} --sort lazyFree`, why: 'which regions have it'}],
  }),
  row({
    name: 'huge-pages',
    tier: 'state',
    when: (figures) => {
      const bytes = figures.measure('anonHugePages');
      return isMuch(bytes, figures, 0.5, 32 * MIB) && bytes;
    },
    weight: (bytes) => bytes,
    sentence: (bytes, {holds}) =>
      `${shareOf(bytes, holds.total)} is in transparent huge pages: one byte touched makes 2 MiB resident, so RSS ` +
      'may be far above what the program uses.',
    evidence: 'smaps AnonHugePages; how much of a huge page is used no counter says',
    certain: false,
    next: (_, figures) => [
      showStep(figures, '--sort anonHugePages', 'which regions have huge pages'),
      {
        command: 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled',
        why:
          'huge pages only where a program asks (root; for new memory of all processes). Or ' +
          'prctl(PR_SET_THP_DISABLE)',
      },
    ],
  }),
  row({
    name: 'huge-pool',
    tier: 'state',
    when: (figures) => isMuch(figures.part('hugetlb'), figures, 0.3, 2 * MIB) && figures.part('hugetlb'),
    weight: (bytes) => bytes,
    sentence: (bytes, {holds}) =>
      `${shareOf(bytes, holds.total)} is huge pages of the hugetlb pool, which RSS and PSS leave out.`,
    evidence: 'smaps Private_Hugetlb, Shared_Hugetlb; status HugetlbPages',
    certain: true,
    next: (_, figures) => [
      showStep(figures, '--kind hugetlb', 'which regions they are'),
      {command: 'grep Huge /proc/meminfo', why: 'how much of the pool is reserved and free'},
    ],
  }),
  row({
    name: 'swapped',
    tier: 'state',
    when: (figures) => isMuch(figures.part('swap'), figures) && figures.part('swap'),
    weight: (bytes) => bytes,
    sentence: (bytes, {holds, snapshot}) => {
      const rss = MEASURES.rss.ofTotals(snapshot.totals);
      return (
        `${shareOf(bytes, holds.total)} is swapped ` +
        `out${rss === undefined ? '' : `, and ${sizeText(rss)} is in RAM`}: the machine, or its cgroup, is or was ` +
        'short of memory; each touch of it waits for the disk.'
      );
    },
    evidence: 'smaps Swap',
    certain: true,
    next: (_, figures) => [
      showStep(figures, '--sort swap', 'which regions are swapped out'),
      {command: 'memmap ps --sort pss', why: 'who has the RAM'},
      {command: 'vmstat 1', why: 'si and so above 0: it swaps right now'},
    ],
  }),
  row({
    name: 'held',
    tier: 'state',
    when: (figures) => isMuch(figures.part('held'), figures) && figures.held,
    weight: ({unmapped}) => unmapped,
    sentence: ({unmapped, files}, {holds}) =>
      `${shareOf(unmapped, holds.total)} is held by open files that no region maps: ${heldText(files.values())}. ` +
      'RSS and PSS do not have that.',
    evidence: '/proc/PID/fd: blocks of files that no region maps',
    certain: true,
    next: (_, figures) => [
      showStep(figures, '--summary', 'lists what descriptors hold, by name'),
      {command: `ls -l /proc/${figures.pid}/fd`, why: 'which descriptors they are'},
    ],
  }),
  row({
    name: 'copied',
    tier: 'growth',
    when: ({facts: {cow}}) => (cow?.rate && cow.rate.copied >= MIB ? {cow, rate: cow.rate} : undefined),
    weight: ({rate}, {grows}) => rate.copied + (grows ? grows.last : 0),
    sentence: ({cow, rate}) =>
      `Its ${counted(cow.members.length, 'forked child', 'forked children')} ` +
      `${cow.members.length === 1 ? 'copies' : 'copy'} what fork shared: ${deltaText(rate.copied)} in ` +
      `${spanText(rate.ms)}, ${sizeText(copiedIn(cow))} so far; ${sizeText(sharedIn(cow))} is still shared (copy ` +
      'on write).',
    evidence: 'page frames in /proc/PID/pagemap of parent and children, compared twice',
    certain: ({cow}) => cow.isExact,
    next: (_, {pid, runtime}) => [
      {command: `memmap cow ${pid} --for 60s`, why: 'which regions are copied, by which child, and how fast'},
      ...(runtime?.name === 'Python'
        ? [{command: 'gc.freeze() before fork', why: 'reference counts and the collector write to shared pages'}]
        : []),
    ],
  }),
  row({
    name: 'copied-before',
    tier: 'state',
    when: (figures) => {
      const {cow} = figures.facts;
      return cow && isMuch(copiedIn(cow), figures) && !((cow.rate?.copied ?? 0) >= MIB) ? cow : undefined;
    },
    weight: copiedIn,
    sentence: (cow) =>
      `Its ${counted(cow.members.length, 'forked child has', 'forked children have')} copied ` +
      `${sizeText(copiedIn(cow))} of what fork shared; ${sizeText(sharedIn(cow))} is still shared (copy on write).`,
    evidence: 'page frames in /proc/PID/pagemap of parent and children',
    certain: (cow) => cow.isExact,
    next: (_, {pid}) => [{command: `memmap cow ${pid} --for 60s`, why: 'which regions are copied, by which child'}],
  }),
  row({
    name: 'shared',
    tier: 'state',
    when: (figures) => {
      const [rss, pss] = [figures.measure('rss'), figures.snapshot.totals['pss']];
      return pss !== undefined && rss - pss >= 64 * MIB && rss - pss >= rss / 2 ? {rss, pss} : undefined;
    },
    weight: ({rss, pss}) => rss - pss,
    sentence: ({rss, pss}) =>
      `${shareText(rss - pss, rss)} of its ${sizeText(rss)} of RSS is counted again wherever else these pages are ` +
      `mapped: shared memory or files; its own share (PSS) is ${sizeText(pss)}.`,
    evidence: 'smaps Rss, Pss',
    certain: true,
    next: (_, {pid}) => [
      {command: `memmap show ${pid} --children`, why: 'the family by PSS: each page counted once'},
      {command: 'memmap ps', why: 'all processes by PSS, which adds up'},
      {command: `memmap show ${pid} --sort shared --columns range,shared,pss,name`, why: 'which regions are shared'},
    ],
  }),
  row({
    name: 'shared-memory',
    tier: 'holds',
    when: (figures) => isMuch(figures.part('shared'), figures, 0.5, 32 * MIB) && figures.part('shared'),
    weight: (bytes) => bytes,
    sentence: (bytes, {holds}) =>
      `${shareOf(bytes, holds.total)} is shared memory or tmpfs (POSIX, SysV, memfd): it stays when the process ` +
      'ends, as long as its file or segment does.',
    evidence: 'smaps Rss of shared mappings, /dev/shm, memfds',
    certain: true,
    next: (_, figures) => [
      showStep(figures, '--kind shared,memfd', 'which segments and files they are'),
      {
        command: 'df -h /dev/shm; ls -lS /dev/shm; ipcs -m',
        why: 'what there is of it on the machine, and what nobody uses',
      },
    ],
  }),
  row({
    name: 'mapped-files',
    tier: 'holds',
    when: (figures) => isMuch(figures.part('files'), figures, 0.5, 32 * MIB) && figures.part('files'),
    weight: (bytes) => bytes,
    sentence: (bytes, {holds}) =>
      `${shareOf(bytes, holds.total)} is mapped files: page cache, which the kernel takes back when memory runs short.`,
    evidence: 'smaps Rss of mapped files',
    certain: true,
    next: (_, figures) => [
      showStep(figures, '--summary --by file', 'which files'),
      ...(figures.isAlive ? [growthStep(figures)] : []),
    ],
  }),
];

type Cow = NonNullable<Figures['facts']['cow']>;

function copiedIn(cow: Cow): number {
  return cow.members.reduce((sum, {copied}) => sum + copied, 0);
}

const sharedIn = (cow: Cow): number => Math.max(0, ...cow.members.map(({shared}) => shared));
