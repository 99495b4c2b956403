/*
 * Which events are opened. Each takes a descriptor for each thread and processor. Each that fires takes the watched
 * program a µs or two, about 3 µs more with a copy of its stack; any other system call takes 0.06 µs more; and a new
 * thread inherits all of them, at about 20 µs each.
 */
import {MEMORY_CALLS, TASK, type Tracepoints} from './calls.ts';
import type {Architecture} from './hand/layout.ts';
import {REGISTERS} from './machine.ts';
import {ALWAYS, type Attr, COMMON_FLAGS, MOST_STACK, SAMPLE, SIDE_FLAGS, SOFTWARE, TYPE} from './perf/attr.ts';
import type {Format} from './perf/records.ts';

/**
 * What an event is for.
 *
 * side    new mappings, exec, threads, processes
 * light   a common call, without a stack, so that each is seen
 * full    a call with its stack; of a common one, as far as there is room
 * enter   a call as it begins: its arguments, where the machine doesn't keep them
 * fault   one page fault of this many
 * task    a new thread or process, with the flags of clone(2)
 */
export type Purpose = 'side' | 'light' | 'full' | 'enter' | 'fault' | 'task';

export interface Event {
  readonly purpose: Purpose;
  /** Of the call; `fault`, `side`. */
  readonly name: string;
  readonly attr: Attr;
  readonly format: Format;
  /** Copies of stacks of what there is much of have rings of their own: when these are full, nothing else is lost. */
  readonly isBulky: boolean;
  /** Its count is that of the call, of which there may be another event. */
  readonly isCounting: boolean;
}

export type Extent = 'all' | 'common' | 'bare';

export interface Wishes {
  readonly architecture: Architecture;
  readonly tracepoints: Tracepoints;
  /** Bytes of each stack that are copied. */
  readonly stackBytes: number;
  /** A sample after this many page faults; 0: none. */
  readonly faultsEvery: number;
  /** Only what happens in user mode: what a plain user may see. */
  readonly isPlain: boolean;
  /** All calls; only the common ones; those only with their stacks, so that in a storm some are lost. */
  readonly extent: Extent;
  /** Arguments are taken as a call begins, though the machine keeps them: to compare. */
  readonly seesEnter?: boolean;
  /** Does the kernel tell the page size of a fault (Linux 5.11)? */
  readonly knowsPageSize: boolean;
  /** Inherited by threads alone, where the kernel can; else by processes too. */
  readonly onlyThreads: boolean;
  /** Events of everything in a cgroup: they have no threads to be inherited by. */
  readonly isGroup: boolean;
}

/** Events in the order in which they are opened. */
export function plan(wishes: Wishes): Event[] {
  const {tracepoints, extent, faultsEvery} = wishes;
  const calls = MEMORY_CALLS.filter(({name, isCommon}) => tracepoints.has(name) && (isCommon || extent === 'all'));
  const twice = extent === 'bare' ? [] : calls.filter(({isCommon}) => isCommon);
  const needsEnter = wishes.seesEnter === true || !REGISTERS[wishes.architecture].keepsFirst;
  return [
    side(wishes),
    ...(tracepoints.has(TASK) ? [task(wishes)] : []),
    ...(needsEnter ? calls.map(({name}) => enter(wishes, name)) : []),
    ...twice.map(({name}) => call(wishes, name, 'light', true)),
    ...calls.map((each) => call(wishes, each.name, 'full', !twice.includes(each))),
    ...(faultsEvery > 0 ? [fault(wishes, SOFTWARE.minorFaults), fault(wishes, SOFTWARE.majorFaults)] : []),
  ];
}

// --- internal ---

type Part = Pick<Attr, 'config' | 'type' | 'sample'>;

function event(wishes: Wishes, purpose: Purpose, name: string, attr: Part, isCounting = false): Event {
  const {stackBytes, isPlain, isGroup, onlyThreads, faultsEvery, architecture} = wishes;
  const {mask, names} = REGISTERS[architecture];
  const isBulky = purpose === 'fault' || (purpose === 'full' && (!isCounting || wishes.extent === 'bare'));
  const flags = COMMON_FLAGS.filter((flag) => !isGroup || flag !== 'inherit');
  return {
    purpose,
    name,
    attr: {
      ...attr,
      sample: attr.sample | ALWAYS,
      period: purpose === 'fault' ? faultsEvery : 1,
      flags: [
        ...flags,
        'disabled',
        ...(isPlain ? (['excludeKernel'] as const) : []),
        ...(onlyThreads && !isGroup ? (['inheritThread'] as const) : []),
        ...(purpose === 'side' ? SIDE_FLAGS : []),
      ],
      registers: mask,
      wakeup: WAKEUP,
      stack: Math.min(Math.ceil(stackBytes / 8) * 8, MOST_STACK),
    },
    format: {sample: attr.sample | ALWAYS, registers: names.length},
    isBulky,
    isCounting,
  };
}

/** Bytes: about 30 stacks. */
const WAKEUP = 512 * 1024;

const STACK = SAMPLE.stack | SAMPLE.callchain;

const side = (wishes: Wishes): Event =>
  event(wishes, 'side', 'side', {type: TYPE.software, config: SOFTWARE.dummy, sample: 0});

function call(wishes: Wishes, name: string, purpose: 'light' | 'full', isCounting: boolean): Event {
  const sample = SAMPLE.raw | SAMPLE.registers | (purpose === 'full' ? STACK : 0);
  const config = wishes.tracepoints.get(name)!.exit;
  return event(wishes, purpose, name, {type: TYPE.tracepoint, config, sample}, isCounting);
}

function enter(wishes: Wishes, name: string): Event {
  const config = wishes.tracepoints.get(name)!.enter;
  return event(wishes, 'enter', name, {type: TYPE.tracepoint, config, sample: SAMPLE.raw});
}

function task(wishes: Wishes): Event {
  const config = wishes.tracepoints.get(TASK)!.exit;
  return event(wishes, 'task', TASK, {type: TYPE.tracepoint, config, sample: SAMPLE.raw});
}

/** Without a period in its samples: asked for it, the kernel would make one of every fault. */
function fault(wishes: Wishes, config: number): Event {
  const sample = SAMPLE.ip | SAMPLE.addr | SAMPLE.registers | STACK | (wishes.knowsPageSize ? SAMPLE.dataPageSize : 0);
  return event(wishes, 'fault', 'fault', {type: TYPE.software, config, sample}, true);
}
