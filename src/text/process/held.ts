import {counted, sizeText} from '../../model/amounts.ts';
import {HELD_KINDS, type HeldFile, type HeldKind} from '../../model/host/descriptors.ts';
import {safe} from '../safe.ts';

const KINDS: Readonly<Record<HeldKind, readonly [one: string, many: string]>> = {
  memfd: ['memfd', 'memfds'],
  deleted: ['deleted file of tmpfs', 'deleted files of tmpfs'],
  hugetlb: ['hugetlb file', 'hugetlb files'],
  dmabuf: ['dmabuf', 'dmabufs'],
};

/** `40 MiB in 1 memfd, 3 MiB in 2 deleted files of tmpfs`; '' where no file has memory. */
export function heldText(files: Iterable<HeldFile>): string {
  const sums = new Map<HeldKind, {bytes: number; count: number}>();
  for (const {kind, bytes} of files) {
    if (bytes === 0) continue;
    const sum = sums.get(kind) ?? {bytes: 0, count: 0};
    sums.set(kind, {bytes: sum.bytes + bytes, count: sum.count + 1});
  }
  return HELD_KINDS.flatMap((kind) => {
    const sum = sums.get(kind);
    return sum ? [`${sizeText(sum.bytes)} in ${counted(sum.count, ...KINDS[kind])}`] : [];
  }).join(', ');
}

/** What GPUs have resident, by kind of memory: `vram0 1.2 GiB, gtt 80 MiB`; '' for none. */
export const gpuText = (resident: Readonly<Record<string, number>>): string =>
  Object.entries(resident)
    .filter(([, bytes]) => bytes > 0)
    .map(([name, bytes]) => `${safe(name)} ${sizeText(bytes)}`)
    .join(', ');
