import {camelCase, decode, latin1} from '../scan.ts';

/**
 * /proc/PID/status: `Key:` tab `value` lines. proc_pid_status(5); fs/proc/array.c, proc_pid_status().
 * The memory lines (VmPeak … VmSwap, in kB) are absent for kernel threads and zombies.
 */
export type Status = Record<string, number | string | boolean>;

/** The lines that memmap uses beside those in kB. */
const WORDS = new Set(['State', 'Umask', 'NSpid']);
const NUMBERS = new Set(['Tgid', 'Pid', 'PPid', 'TracerPid', 'Threads', 'FDSize', 'Seccomp']);
const YES_OR_NO = new Set(['Kthread', 'CoreDumping', 'THP_enabled']);

/**
 * @returns keys in camelCase: sizes in bytes (`vmRss`, `rssAnon`, …), `name`, `state` (its letter), `threads`, `uid`
 * and `gid` (the real ones), `kthread`. The first line of a key counts: a process can't forge one in its name, since
 * the kernel writes a newline there as `\n`.
 */
export function parseStatus(bytes: Uint8Array): Status {
  const status: Status = {};
  for (const line of latin1(bytes, 0, bytes.length).split('\n')) {
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(colon, 0));
    if (!/^\w+$/.test(key)) continue;
    // The kernel puts one tab; what follows it in a name is the name's. Captures may have blanks instead.
    const rest = line.slice(colon + 1);
    const text = rest.startsWith('\t') ? rest.slice(1) : rest.replace(/^ */, '');
    const value = statusValue(key, text);
    if (value === undefined) continue;
    const name = key === 'THP_enabled' ? 'thpEnabled' : camelCase(key);
    status[name] ??= value;
  }
  return status;
}

/** The same of its lines of memory alone, which takes a sixth of the time. */
export function parseMemory(bytes: Uint8Array): Readonly<Record<string, number>> {
  const memory: Record<string, number> = {};
  for (const [, key, kilobytes] of latin1(bytes, 0, bytes.length).matchAll(MEMORY))
    memory[(names[key!] ??= camelCase(key!))] ??= Number(kilobytes) * 1024;
  return memory;
}

/** Bytes of address space (VmSize), alone; undefined if it doesn't say. */
export function sizeIn(bytes: Uint8Array): number | undefined {
  const kilobytes = /^VmSize:\s+(\d+) kB$/m.exec(latin1(bytes, 0, bytes.length))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** The ID of the process that a thread belongs to, alone; undefined if it doesn't say. */
export function threadGroup(bytes: Uint8Array): number | undefined {
  const digits = /^Tgid:\s*(\d+)$/m.exec(latin1(bytes, 0, bytes.length))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** How often a thread went to sleep of its own accord; undefined if it doesn't say. */
export function sleptIn(bytes: Uint8Array): number | undefined {
  const digits = /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(latin1(bytes, 0, bytes.length))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const MEMORY = /^((?:Vm|Rss)[A-Za-z]+):\s+(\d+) kB$/gm;

/** The keys of MEMORY in camelCase. */
const names: Record<string, string> = {};

function statusValue(key: string, text: string): number | string | boolean | undefined {
  const kilobytes = text.endsWith(' kB') ? /^\s*(\d+) kB$/.exec(text) : null;
  if (kilobytes) return Number(kilobytes[1]) * 1024;
  if (key === 'Name') return decode(unescapeName(text)).text;
  if (key === 'State') return text.trim().charAt(0);
  if (key === 'Uid' || key === 'Gid') return Number.parseInt(text, 10);
  if (NUMBERS.has(key)) return Number(text);
  if (YES_OR_NO.has(key)) return text.trim() === '1';
  return WORDS.has(key) ? text.trim() : undefined;
}

/** In the name a newline is written `\n` and a backslash `\\`; nothing else is changed. */
const unescapeName = (text: string): string =>
  text.replace(/\\([n\\])/g, (_, letter) => (letter === 'n' ? '\n' : '\\'));

/** What status says of a process in a list of many: only these lines are looked for. Sizes in bytes. */
export interface Census {
  readonly name: string;
  /** One letter of proc_pid_stat(5). */
  readonly state: string;
  readonly threads: number;
  /** The effective one. */
  readonly uid: number;
  /** The memory lines: undefined for kernel threads and zombies, and while a process ends. */
  readonly size: number | undefined;
  readonly rss: number | undefined;
  readonly swap: number | undefined;
}

/** @returns undefined if it isn't a status */
export function parseCensus(bytes: Uint8Array): Census | undefined {
  // Names have no newline in them: the kernel writes `\n`. So a line begins only where the kernel began it.
  const text = `\n${latin1(bytes, 0, bytes.length)}`;
  const [name, state, uids] = [lineOf(text, 'Name'), lineOf(text, 'State'), lineOf(text, 'Uid')];
  const uid = Number.parseInt(uids?.split('\t')[1] ?? '', 10);
  if (name === undefined || !state || !Number.isInteger(uid)) return undefined;
  const kilobytes = (key: string): number | undefined => {
    const value = Number.parseInt(lineOf(text, key) ?? '', 10);
    return Number.isInteger(value) ? value * 1024 : undefined;
  };
  return {
    name: decode(unescapeName(name)).text,
    state: state.charAt(0),
    threads: Number.parseInt(lineOf(text, 'Threads') ?? '1', 10),
    uid,
    size: kilobytes('VmSize'),
    rss: kilobytes('VmRSS'),
    swap: kilobytes('VmSwap'),
  };
}

function lineOf(text: string, key: string): string | undefined {
  const at = text.indexOf(`\n${key}:\t`);
  if (at < 0) return undefined;
  const from = at + key.length + 3;
  const end = text.indexOf('\n', from);
  return text.slice(from, end < 0 ? undefined : end);
}

/** Does a process ignore a signal, as /proc/PID/status has it (SigIgn)? Undefined if it doesn't say. */
export function ignoresSignal(bytes: Uint8Array, signal: number): boolean | undefined {
  const mask = /^SigIgn:\s*([\da-f]{1,16})$/m.exec(latin1(bytes, 0, bytes.length))?.[1];
  return mask === undefined ? undefined : ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** Who a process is to the kernel when it checks permissions: credentials(7), capabilities(7). */
export interface Credentials {
  /** Real, effective, saved, and file-system IDs. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Capabilities as bits, by their numbers. */
  readonly permitted: bigint;
  readonly effective: bigint;
}

/** @returns undefined if /proc/PID/status doesn't say; the first line of a key counts, as in parseStatus */
export function parseCredentials(bytes: Uint8Array): Credentials | undefined {
  const text = latin1(bytes, 0, bytes.length);
  const [uids, gids] = [numbers(text, /^Uid:\s*(.*)$/m), numbers(text, /^Gid:\s*(.*)$/m)];
  if (uids.length !== 4 || gids.length !== 4) return undefined;
  return {
    uids,
    gids,
    permitted: bits(text, /^CapPrm:\s*([\da-f]{1,16})$/m),
    effective: bits(text, /^CapEff:\s*([\da-f]{1,16})$/m),
  };
}

function numbers(text: string, line: RegExp): number[] {
  const values = line.exec(text)?.[1]?.split(/\s+/).map(Number) ?? [];
  return values.every((value) => Number.isInteger(value) && value >= 0) ? values : [];
}

const bits = (text: string, line: RegExp): bigint => BigInt(`0x${line.exec(text)?.[1] ?? '0'}`);

/** In the order of their numbers: include/uapi/linux/capability.h. */
const NAMES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT ' +
  'SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP ' +
  'MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** Names such as `CAP_SYS_PTRACE`; a capability that has no name yet is given by its number. */
export function capabilityNames(set: bigint): string[] {
  const names: string[] = [];
  for (let bit = 0; bit < 64; bit++) if ((set >> BigInt(bit)) & 1n) names.push(`CAP_${NAMES[bit] ?? bit}`);
  return names;
}

/** @param name as `SYS_PTRACE` */
export const hasCapability = (set: bigint, name: string): boolean => ((set >> BigInt(NAMES.indexOf(name))) & 1n) === 1n;
