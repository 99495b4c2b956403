import {hex, type Region} from '../../model/region.ts';
import {isLibrary, programOf} from '../../model/clues/program.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {type Totals, totalsByKind, totalsOf} from '../../model/totals.ts';
import type {Kind} from '../../model/kind.ts';
import {sizeText} from '../../model/amounts.ts';

type AreaName = 'program' | 'heap' | 'low' | 'mmap' | 'stack' | 'kernel';

/** A part of an address space with one purpose. Areas are disjoint, and each region is in one. */
interface Area {
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

/**
 * Bytes. The segments of one file are close together: what a program maps of itself farther away (Node does) is not in
 * its area.
 */
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

/** The mmap area grows downwards from below the stack; it begins above the widest hole. */
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

/** One area of an address space, in words. */
export interface AreaText {
  readonly area: AreaName;
  readonly title: string;
  readonly start: number;
  readonly end: number;
  readonly totals: Totals;
  readonly text: string;
}

/** An address space from low to high addresses. */
export function layoutOf(snapshot: Snapshot): AreaText[] {
  const program = programOf(snapshot);
  return areasOf(snapshot).map((area) => ({
    area: area.area,
    title: TITLES[area.area],
    start: area.regions[0]!.start,
    end: area.regions.at(-1)!.end,
    totals: area.totals,
    text: TEXTS[area.area](area, snapshot, program),
  }));
}

const TITLES: Readonly<Record<AreaName, string>> = {
  low: 'Elsewhere',
  program: 'Program',
  heap: 'Heap',
  mmap: 'mmap area',
  stack: 'Stack',
  kernel: "Kernel's pages",
};

type Tell = (area: Area, snapshot: Snapshot, program: string | undefined) => string;

const TEXTS: Readonly<Record<AreaName, Tell>> = {
  program: (area, snapshot, program) =>
    `${program}, ${placedText(area)}${howMuch(area.totals)}: ${kindsText(area)}. ${behindText(area, snapshot)}`.trim(),
  heap: (area, snapshot) =>
    `What malloc gets from brk for the main thread: ${howMuch(area.totals)}. It grows upwards; ` +
    `${roomText(area, snapshot)}.`,
  low: (area) => `Memory apart from the mmap area: ${howMuch(area.totals)}: ${kindsText(area)}.`,
  mmap: (area, _, program) => mmapText(area, program),
  stack: (area, snapshot) => stackText(area, snapshot),
  kernel: (area) =>
    `${area.regions.map(({name, kind, start}) => `${name || kind} at ${hex(start)}`).join(', ')}: what the kernel ` +
    `gives each process, so that reading the clock needs no system call.`,
};

/** On x86-64, executables that aren't position independent are linked to 0x400000. */
function placedText({regions}: Area): string {
  const start = regions[0]!.start;
  return start === 0x400000 ? `at the fixed address ${hex(start)}, as it is not position independent: ` : '';
}

/** `132 KiB in 1 region, 44 KiB of it in RAM`. */
function howMuch(totals: Totals): string {
  const {regions, size} = totals;
  const rss = totals['rss'];
  const resident = rss === undefined ? '' : rss === 0 ? ', none of it in RAM' : `, ${sizeText(rss)} of it in RAM`;
  return `${sizeText(size)} in ${regions} ${regions === 1 ? 'region' : 'regions'}${resident}`;
}

/** `machine code 2 MiB, constants 1 MiB`. */
const kindsText = ({regions}: Area): string =>
  [...totalsByKind(regions)].map(([kind, totals]) => `${KIND_NAMES[kind] ?? kind} ${sizeText(totals.size)}`).join(', ');

const KIND_NAMES: Readonly<Partial<Record<Kind, string>>> = {
  text: 'machine code',
  rodata: 'constants',
  relro: 'addresses that the linker filled in (relro)',
  data: 'variables',
  bss: 'variables that start as zero (bss)',
  anon: 'anonymous memory',
  guard: 'guards',
  reserved: 'reserved addresses',
  'thread-stack': 'thread stacks',
  arena: 'memory of allocators',
  managed: 'heap of the language runtime',
  jit: 'code made at run time',
  file: 'mapped files',
  shared: 'shared memory',
  device: 'devices',
  special: 'kernel objects',
  hugetlb: 'huge pages',
};

function behindText({regions}: Area, snapshot: Snapshot): string {
  const heap = snapshot.regions.find(({kind}) => kind === 'heap');
  if (!heap) return '';
  const distance = heap.start - regions.at(-1)!.end;
  return distance > 0 ? `The heap begins ${sizeText(distance)} further on: a random distance.` : '';
}

function roomText({regions}: Area, snapshot: Snapshot): string {
  const last = regions.at(-1)!;
  const next = snapshot.regions.find(({start}) => start >= last.end);
  return next ? `the next region is ${sizeText(next.start - last.end)} above` : 'nothing is above it';
}

function mmapText(area: Area, program: string | undefined): string {
  const libraries = area.regions.filter(({name}) => name !== program && isLibrary(name));
  const names = new Set(libraries.map(({name}) => name));
  const others = area.regions.filter((region) => !libraries.includes(region));
  const parts = [
    libraries.length > 0 &&
      `${names.size} ${names.size === 1 ? 'library' : 'libraries'} (${howMuch(totalsOf(libraries))})`,
    ...[...totalsByKind(others)].map(([kind, totals]) => `${KIND_NAMES[kind] ?? kind} (${howMuch(totals)})`),
  ].filter(Boolean);
  return `Where mmap places regions, from high addresses down: ${howMuch(area.totals)}. In it: ${parts.join('; ')}.`;
}

function stackText({totals}: Area, {clues}: Snapshot): string {
  const limit = clues.limits?.stack;
  const upTo = limit === undefined ? '8 MiB by default' : limit === null ? 'unlimited' : sizeText(limit);
  return (
    `The main thread's stack: ${howMuch(totals)}. It grows downwards on its own, up to its limit ` +
    `(${upTo}), and never shrinks. The arguments and the environment are at its top.`
  );
}
