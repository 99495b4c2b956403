import {countText, sizeText} from '../amounts.ts';
import type {SignalClue} from './clues.ts';
import type {Region} from '../region.ts';

/** signal(7), the numbers of most machines; those of real-time signals have no names. */
const NAMES = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG ' +
  'XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');

/** Such as `SIGSEGV`, or `signal 34`. */
export const signalName = (number: number): string =>
  NAMES[number - 1] === undefined ? `signal ${number}` : `SIG${NAMES[number - 1]}`;

/** Signals that end a process and leave a core, if nothing handles them: signal(7), "Core". */
const FATAL = new Set([3, 4, 5, 6, 7, 8, 11, 24, 25, 31]);

/** SIGTRAP and SIGSTOP: how a debugger stops a process. */
const STOPS = new Set([5, 19]);

/**
 * What ended a process, in a sentence: which signal, where, and what is there.
 *
 * @param regions of the process, classified
 * @param pid of the process, if it is known
 */
export function signalText(signal: SignalClue, regions: readonly Region[], pid: number | undefined): string {
  const {number, code, address, sender, tid} = signal;
  const name = signalName(number);
  const who = tid === undefined ? '' : ` in thread ${tid}`;
  if (STOPS.has(number) && (code === undefined || address === undefined))
    return `It was stopped by ${name} when the core was written: a debugger does that.`;
  const begin = FATAL.has(number) ? `It was ended by ${name}${who}` : `The signal in it is ${name}${who}`;
  if (sender)
    return (
      `${begin}, which ` +
      `${sender.pid === pid ? `it raised itself${RAISERS[number] ?? ''}` : `process ${sender.pid} sent`}.`
    );
  if (code === SI_KERNEL && number === 11)
    return (
      `${begin}, without an address: it used a pointer that is not a valid address, or an instruction that it may ` +
      'not execute.'
    );
  if (address === undefined) return `${begin}.`;
  const why = REASONS[`${number}.${code}`];
  const reason = why === undefined ? '' : ` (${why})`;
  return `${begin} at ${address}: ${placeText(BigInt(address), number, regions)}${reason}.`;
}

const SI_KERNEL = 0x80;
/** Who raises a signal of the process itself. */
const RAISERS: Readonly<Record<number, string>> = {6: ': abort(3) does that, which asserts and allocators call'};

/** si_code in words: sigaction(2). */
const REASONS: Readonly<Record<string, string>> = {
  '4.1': 'ILL_ILLOPC: an illegal instruction',
  '4.2': 'ILL_ILLOPN: an illegal operand',
  '7.1': 'BUS_ADRALN: not aligned',
  '7.2': 'BUS_ADRERR: past the end of the file, or the file system has no page for it',
  '7.4': 'BUS_MCEERR_AR: the memory of the machine is damaged there',
  '7.5': 'BUS_MCEERR_AO: the memory of the machine is damaged there',
  '8.1': 'FPE_INTDIV: a division by zero',
  '8.2': 'FPE_INTOVF: an integer overflow',
  '11.1': 'SEGV_MAPERR',
  '11.2': 'SEGV_ACCERR: no such access is permitted',
  '11.4': 'SEGV_PKUERR: a protection key forbids it',
  '11.8': 'SEGV_MTEAERR: the tag of the pointer is not that of the memory',
  '11.9': 'SEGV_MTESERR: the tag of the pointer is not that of the memory',
};

/** Below this nothing can be mapped, as a rule: vm.mmap_min_addr. */
const LOWEST = 65_536n;

/** How far from a region an address is still said to be next to it: the gap below a stack has 1 MiB. */
const NEAR = 1024n * 1024n;

/** Signals whose address is that of data; of SIGILL and SIGFPE it is that of the instruction. */
const isData = (number: number): boolean => number === 11 || number === 7;

function placeText(address: bigint, number: number, regions: readonly Region[]): string {
  const at = regions.findIndex(({start, end}) => address >= BigInt(start) && address < BigInt(end));
  const above = regions.find(({start}) => BigInt(start) > address);
  if (at >= 0) return insideText(address, regions[at]!, above, number);
  if (address < LOWEST) return 'nothing is mapped this low: a null pointer, or a field or element of one';
  if (above && isStack(above) && BigInt(above.start) - address <= NEAR)
    return `${bytesText(BigInt(above.start) - address)} below ${nameOf(above)}: it overflowed`;
  const below = regions.findLast(({end}) => BigInt(end) <= address);
  if (below && address - BigInt(below.end) < NEAR)
    return (
      `nothing is mapped there; it is ${bytesText(address - BigInt(below.end) + 1n)} past the end of ` + nameOf(below)
    );
  return 'nothing is mapped there, nor near it';
}

function insideText(address: bigint, region: Region, above: Region | undefined, number: number): string {
  const touches = above !== undefined && above.start === region.end;
  if (region.kind === 'guard' && touches && isStack(above))
    return `${bytesText(BigInt(above.start) - address)} below ${nameOf(above)}, in its guard: it overflowed`;
  const perms = region.perms === '????' ? '' : `, which is ${region.perms}`;
  return isData(number) ? `in ${nameOf(region)}${perms}` : `in ${nameOf(region)}`;
}

const isStack = ({kind}: Region): boolean => kind === 'stack' || kind === 'thread-stack';

function nameOf({name, label, kind, start}: Region): string {
  if (kind === 'stack') return "the main thread's stack";
  if (label !== undefined && (kind === 'thread-stack' || kind === 'guard')) return `the ${label}`;
  if (name.startsWith('/')) return `${kind} of ${name.slice(name.lastIndexOf('/') + 1)}`;
  return name !== '' ? name : `${label ?? `${kind} memory`} at 0x${start.toString(16)}`;
}

const bytesText = (bytes: bigint): string =>
  bytes < 65_536n ? `${countText(Number(bytes))} byte${bytes === 1n ? '' : 's'}` : sizeText(Number(bytes));
