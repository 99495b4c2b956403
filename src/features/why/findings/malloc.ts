import {counted, sizeText} from '../../../model/amounts.ts';
import {arenasOf} from '../../show/arenas.ts';
import type {Figures} from '../figures.ts';
import {type Finding, rowsOf} from '../finding.ts';
import {shareOf, shareText} from '../facts/parts.ts';
import {ARENA_MAX, askRuntime, growthStep, heapStep, trimSteps} from './steps.ts';

const row = rowsOf<Figures>();

/** Less than this, or than this part of all, is not worth the first sentence. */
const LEAST = 16 * 1024 * 1024;
const MUCH = 0.2;

export const isMuch = (bytes: number, {memory}: Figures, part = MUCH, least = LEAST): boolean =>
  memory > 0 && bytes >= least && bytes >= part * memory;

const evidence = (_: unknown, {facts}: Figures): string =>
  facts.subject === 'core'
    ? "malloc's books in the core; which pages were resident is not in it"
    : "malloc's books in /proc/PID/mem, and which pages are resident";

/** What malloc's books say: free memory that it keeps, and why. */
export const MALLOC: ReadonlyArray<Finding<Figures>> = [
  row({
    name: 'kept-by-malloc',
    tier: 'state',
    when: (figures) => {
      const {malloc} = figures;
      return malloc && isMuch(malloc.freeResident, figures) && malloc.trimmable >= malloc.freeResident / 2
        ? malloc
        : undefined;
    },
    weight: ({trimmable}) => trimmable,
    sentence: ({freeResident, trimmable}, {holds}) =>
      `${shareOf(freeResident, holds.total)} was freed by the program and is kept by malloc: not a leak. ` +
      `malloc_trim(0) would give ${sizeText(trimmable)} back.`,
    evidence,
    certain: ({isTorn}) => !isTorn,
    next: (malloc, figures) => [heapStep(figures), ...trimSteps(figures), ...(malloc.arenas > 4 ? [ARENA_MAX] : [])],
  }),
  row({
    name: 'fragmented',
    tier: 'state',
    when: (figures) => {
      const {malloc} = figures;
      return malloc && isMuch(malloc.freeResident, figures) && malloc.trimmable < malloc.freeResident / 2
        ? malloc
        : undefined;
    },
    weight: ({freeResident}) => freeResident,
    sentence: ({freeResident, trimmable, inUse}, {holds}) =>
      `malloc's memory is fragmented: ${shareOf(freeResident, holds.total)} is free, but lies between ` +
      `${sizeText(inUse)} of live blocks on the same pages; malloc_trim(0) would give back ` +
      `${trimmable === 0 ? 'nothing' : `only ${sizeText(trimmable)}`}.`,
    evidence,
    certain: ({isTorn}) => !isTorn,
    next: (_, figures) => [
      heapStep(figures),
      {
        command: 'LD_PRELOAD=libjemalloc.so.2',
        why: 'at the next start: an allocator that keeps blocks of one size together fragments less; measure it',
      },
      {command: 'pools, or freeing in the order of allocation', why: 'live blocks beside each other hold fewer pages'},
    ],
  }),
  row({
    name: 'many-arenas',
    tier: 'state',
    when: (figures) => {
      const arenas = arenasOf(figures.snapshot.table);
      const resident = arenas.reduce((sum, arena) => sum + (arena.resident ?? 0), 0);
      // What the books say is known better than what the shape says.
      return !figures.malloc && arenas.length >= 8 && isMuch(resident, figures, 0.3) ? {arenas, resident} : undefined;
    },
    weight: ({resident}) => resident,
    sentence: ({arenas, resident}, {holds}) =>
      `${shareOf(resident, holds.total)} is in ${counted(arenas.length, 'heap')} of malloc's arenas (blocks of 64 ` +
      'MiB that threads get): leaked, or freed and kept, which only its books tell.',
    evidence: 'regions of 64 MiB of addresses as glibc makes them, their Rss',
    certain: false,
    next: (_, figures) => [heapStep(figures), ARENA_MAX, ...trimSteps(figures)],
  }),
  row({
    name: 'malloc-in-use',
    tier: 'holds',
    when: (figures) => {
      const {malloc} = figures;
      const bytes = figures.part('inUse');
      return malloc && isMuch(bytes, figures, 0.5, 4 * LEAST) ? {malloc, bytes} : undefined;
    },
    weight: ({bytes}) => bytes,
    sentence: ({malloc, bytes}, {holds}) =>
      `${shareOf(bytes, holds.total)} is malloc's and in use by the program` +
      `${malloc.mmapped.bytes > bytes / 2 ? `, most of it in ${counted(malloc.mmapped.count, 'large block')}` : ''}: ` +
      `what malloc keeps free is ${shareText(malloc.freeResident, holds.total)}.`,
    evidence,
    certain: ({malloc}) => !malloc.isTorn,
    next: (_, figures) => [
      ...(figures.isAlive ? [growthStep(figures)] : []),
      ...askRuntime(figures),
      heapStep(figures),
    ],
  }),
  row({
    name: 'malloc-unread',
    tier: 'holds',
    when: (figures) =>
      !figures.malloc && isMuch(figures.part('malloc'), figures, 0.5, 4 * LEAST) && figures.part('malloc'),
    weight: (bytes) => bytes,
    sentence: (bytes, {holds}) =>
      `${shareOf(bytes, holds.total)} is malloc's memory: what of it is in use, and what was freed and is kept, ` +
      'only its books tell, and they were not read.',
    evidence: 'Rss of [heap] and of arenas',
    certain: true,
    next: (_, figures) => [
      heapStep(figures),
      ...(figures.isAlive ? [growthStep(figures)] : []),
      ...askRuntime(figures),
    ],
  }),
];
