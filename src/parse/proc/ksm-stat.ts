import type {Ksm} from '../../model/clues/clues.ts';
import {latin1} from '../scan.ts';

/**
 * /proc/PID/ksm_stat, since Linux 6.1: what kernel samepage merging did for a process (proc_pid_ksm_stat() in
 * fs/proc/base.c, Documentation/admin-guide/mm/ksm.rst). Later kernels print more.
 *
 * @param pageSize bytes; the file counts pages
 * @returns undefined if it says nothing of merged pages
 */
export function parseKsmStat(bytes: Uint8Array, pageSize: number): Ksm | undefined {
  const lines = latin1(bytes, 0, bytes.length).split('\n');
  const number = (key: string): number | undefined => {
    const text = lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1) ?? '';
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    return Number.isSafeInteger(value) ? value : undefined;
  };
  const pages = (key: string): number | undefined => {
    const bytes = (number(key) ?? NaN) * pageSize;
    return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
  };
  const [merged, zero, profit] = [pages('ksm_merging_pages'), pages('ksm_zero_pages'), number('ksm_process_profit')];
  if (merged === undefined) return undefined;
  return {merged, ...(zero !== undefined && {zero}), ...(profit !== undefined && {profit})};
}
