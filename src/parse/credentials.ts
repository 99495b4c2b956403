import {latin1} from './scan.ts';

/** Who a process is to the kernel when it asks what it may do: credentials(7), capabilities(7). */
export interface Credentials {
  /** Real, effective, saved, and the one for files. */
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
  return {uids, gids, permitted: bits(text, /^CapPrm:\s*([\da-f]{1,16})$/m), effective: bits(text, /^CapEff:\s*([\da-f]{1,16})$/m)}; // prettier-ignore
}

function numbers(text: string, line: RegExp): number[] {
  const values = line.exec(text)?.[1]?.split(/\s+/).map(Number) ?? [];
  return values.every((value) => Number.isInteger(value) && value >= 0) ? values : [];
}

const bits = (text: string, line: RegExp): bigint => BigInt(`0x${line.exec(text)?.[1] ?? '0'}`);

/** By their numbers: include/uapi/linux/capability.h. */
const NAMES =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'.split(
    ' ',
  );

/** As `CAP_SYS_PTRACE`; those that have no name yet by their number. */
export function capabilityNames(set: bigint): string[] {
  const names: string[] = [];
  for (let bit = 0; bit < 64; bit++) if ((set >> BigInt(bit)) & 1n) names.push(`CAP_${NAMES[bit] ?? bit}`);
  return names;
}

/** @param name as `SYS_PTRACE` */
export const hasCapability = (set: bigint, name: string): boolean => ((set >> BigInt(NAMES.indexOf(name))) & 1n) === 1n;
