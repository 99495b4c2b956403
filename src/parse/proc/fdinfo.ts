import type {GpuMemory} from '../../model/host/descriptors.ts';
import {decode, latin1} from '../scan.ts';

/** What /proc/PID/fdinfo/N says that has to do with memory: proc_pid_fdinfo(5). */
export interface FdInfo {
  /** The mount that the file was opened on. Since Linux 3.15. */
  readonly mount?: number | undefined;
  /** Decimal. Since Linux 5.14. */
  readonly inode?: string | undefined;
  readonly dmabuf?: {readonly size: number; readonly exporter: string} | undefined;
  readonly gpu?: GpuInfo | undefined;
}

interface GpuInfo {
  readonly driver: string;
  readonly device?: string | undefined;
  readonly client?: string | undefined;
  readonly memory: Readonly<Record<string, GpuMemory>>;
}

/**
 * Reads an fdinfo: a key, a colon and a value in each line. A dmabuf has `size` in bytes and `exp_name`
 * (dma_buf_show_fdinfo() in drivers/dma-buf/dma-buf.c), a GPU keys that begin with `drm-`
 * (Documentation/gpu/drm-usage-stats.rst).
 */
export function parseFdInfo(bytes: Uint8Array): FdInfo {
  const fields = new Map<string, string>();
  for (const line of latin1(bytes, 0, bytes.length).split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const key = line.slice(0, colon);
    // A name that a program chose may hold a newline: what came first is the kernel's.
    if (!fields.has(key)) fields.set(key, line.slice(colon + 1).trim());
  }
  const [size, exporter] = [numberOf(fields.get('size')), fields.get('exp_name')];
  return {
    mount: numberOf(fields.get('mnt_id')),
    inode: /^\d{1,20}$/.exec(fields.get('ino') ?? '')?.[0],
    dmabuf: size === undefined || exporter === undefined ? undefined : {size, exporter: decode(exporter).text},
    gpu: gpuOf(fields),
  };
}

function gpuOf(fields: ReadonlyMap<string, string>): GpuInfo | undefined {
  const driver = fields.get('drm-driver');
  if (driver === undefined) return undefined;
  const memory: Record<string, Record<string, number>> = Object.create(null) as Record<string, Record<string, number>>;
  for (const [key, value] of fields) {
    const [, what, region] = MEMORY.exec(key) ?? [];
    const bytes = bytesOf(value);
    if (what === undefined || region === undefined || bytes === undefined) continue;
    const sums = (memory[region] ??= {});
    // drm-memory is what drm-resident was called first; where both are there, they say the same.
    if (what === 'memory') sums['resident'] ??= bytes;
    else sums[what] = bytes;
  }
  return {
    driver: decode(driver).text,
    device: fields.get('drm-pdev'),
    client: /^\d{1,20}$/.exec(fields.get('drm-client-id') ?? '')?.[0],
    memory: {...memory},
  };
}

/** drm-total-cycles-ENGINE counts cycles, not bytes. */
const MEMORY = /^drm-(total|shared|resident|purgeable|active|memory)-(?!cycles-)([\w-]{1,40})$/;

const UNITS: Readonly<Record<string, number>> = {'': 1, KiB: 1024, MiB: 1024 ** 2};

/** Bytes, unless another unit follows. */
function bytesOf(value: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+)(?: (KiB|MiB))?$/.exec(value) ?? [];
  const bytes = Number(digits ?? NaN) * UNITS[unit]!;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function numberOf(text: string | undefined): number | undefined {
  const value = /^\d+$/.test(text ?? '') ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
