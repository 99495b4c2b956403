import {sizeOf, type Region} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {totalsOf, type Totals} from '../model/totals.ts';

export type AreaName = 'program' | 'heap' | 'low' | 'mmap' | 'stack' | 'kernel';

/** A part of an address space with one purpose. Areas are disjoint, and each region is in one. */
export interface Area {
  readonly area: AreaName;
  readonly regions: readonly Region[];
  readonly totals: Totals;
}

/** The areas of an address space, by their lowest address. */
export function areasOf(snapshot: Snapshot): Area[] {
  const program = programOf(snapshot);
  const groups = new Map<AreaName, Region[]>();
  const lowEnd = lowestMmap(snapshot.regions, program);
  let programEnd = 0;
  for (const region of snapshot.regions) {
    const isProgram = belongsToProgram(region, program, programEnd);
    if (isProgram) programEnd = region.end;
    const area = isProgram ? 'program' : areaOf(region, lowEnd);
    const group = groups.get(area);
    if (group) group.push(region);
    else groups.set(area, [region]);
  }
  return [...groups]
    .map(([area, regions]) => ({area, regions, totals: totalsOf(regions)}))
    .sort((a, b) => a.regions[0]!.start - b.regions[0]!.start);
}

const KERNEL = new Set(['vdso', 'vvar', 'vsyscall']);

/** Segments of one file lie close together; a program that maps itself once more far away (Node does) is no second one. */
const FAR = 2 ** 30;

function belongsToProgram(region: Region, program: string | undefined, programEnd: number): boolean {
  if (region.name === '')
    return programEnd === region.start && programEnd > 0 && /^(bss|relro|data)$/.test(region.kind);
  return region.name === program && (programEnd === 0 || region.start - programEnd < FAR);
}

function areaOf(region: Region, lowEnd: number): AreaName {
  if (region.kind === 'heap') return 'heap';
  if (region.kind === 'stack') return 'stack';
  if (KERNEL.has(region.kind) || region.name.startsWith('[uprobes')) return 'kernel';
  return region.start < lowEnd ? 'low' : 'mmap';
}

/**
 * The file that the process runs: what exe says, else the lowest file with machine code that isn't a library (the kernel
 * puts the program below all libraries, fs/binfmt_elf.c).
 */
export function programOf({process, regions}: Snapshot): string | undefined {
  const {exe} = process;
  if (exe !== undefined && regions.some(({name}) => name === exe)) return exe;
  return regions.find(({kind, name}) => kind === 'text' && name !== '' && !isLibrary(name))?.name;
}

export const isLibrary = (name: string): boolean =>
  /(?:^|\/)(?:lib[^/]*|ld[-.][^/]*|[^/]*)\.so(?:\.[\d.]+)?(?: \(deleted\))?$/.test(name);

/** The mmap area grows downwards from below the stack; it begins at the far side of the widest hole. */
function lowestMmap(regions: readonly Region[], program: string | undefined): number {
  let widest = 0;
  let start = 0;
  const user = regions.filter(({kind}) => kind !== 'vsyscall' && kind !== 'stack' && !KERNEL.has(kind));
  const first = user.findIndex(({name}) => name === program);
  for (const [index, region] of user.entries()) {
    const hole = index > Math.max(first, 0) ? region.start - user[index - 1]!.end : 0;
    if (hole > widest) [widest, start] = [hole, region.start];
  }
  return start;
}

/** Bytes of address space of the largest region in an area. */
export const largestOf = (regions: readonly Region[]): Region | undefined =>
  regions.reduce<Region | undefined>(
    (most, region) => (most && sizeOf(most) >= sizeOf(region) ? most : region),
    undefined,
  );
