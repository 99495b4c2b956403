import {hasNoAccess, isExecutable} from '../../model/region.ts';
import {baseName, type Space} from '../space.ts';

/** What a program's name says about the memory that it will have. */
type Runtime = 'V8' | 'Chromium' | 'JVM';

/** Is a program or a library mapped that contains this runtime? */
export function runs(space: Space, runtime: Runtime): boolean {
  space.runtimes ??= runtimesIn(space);
  return space.runtimes.has(runtime);
}

/**
 * Programs that contain V8; some of these are Chromium, whose malloc is PartitionAlloc. Texts are compared: V8 takes
 * 0.1 ms for compiling a regular expression of as many names.
 */
const CHROMIUM: ReadonlySet<string> = new Set('code headless_shell libcef.so msedge brave opera'.split(' '));
const OTHERS_WITH_V8: ReadonlySet<string> = new Set('node nodejs deno d8'.split(' '));

const isChromium = (program: string): boolean =>
  CHROMIUM.has(program) || ['chrome', 'chromium', 'electron', 'vivaldi'].some((name) => program.startsWith(name));

const hasV8 = (program: string): boolean =>
  OTHERS_WITH_V8.has(program) ||
  program.startsWith('libnode.so') ||
  (program.startsWith('libv8') && program.includes('.so'));

function runtimesIn(space: Space): Set<string> {
  const found = new Set<Runtime>();
  let last = '';
  for (const index of space.telling) {
    const {name} = space.at(index);
    if (name === last || space.kindAt(index) !== 'text') continue;
    last = name;
    const program = baseName(name);
    if (program === 'libjvm.so') found.add('JVM');
    const isOfChromium = isChromium(program);
    if (isOfChromium) found.add('Chromium');
    if (isOfChromium || hasV8(program)) found.add('V8');
  }
  return found;
}

/**
 * Adjacent regions of which nothing is known yet, some of them without access: addresses that a program reserved as one
 * block.
 */
export interface Reservation {
  /** Index of the first region, and of the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Bytes. */
  readonly size: number;
  readonly reserved: number;
  readonly hasCode: boolean;
}

/** All reservations of at least `smallest` bytes, in ascending order. */
export function reservationsIn(space: Space, smallest: number): Reservation[] {
  const found: Reservation[] = [];
  let to = 0;
  for (const closed of space.closed) {
    if (closed < to || !space.isOpen(closed)) continue;
    let from = closed;
    while (from > 0 && space.isOpen(from - 1) && space.touchesBelow(from)) from--;
    to = closed + 1;
    while (to < space.length && space.isOpen(to) && space.touchesBelow(to)) to++;
    const size = space.end[to - 1]! - space.start[from]!;
    if (size >= smallest) found.push(measured(space, from, to, size));
  }
  return found;
}

function measured(space: Space, from: number, to: number, size: number): Reservation {
  let reserved = 0;
  let hasCode = false;
  for (let index = from; index < to; index++) {
    const region = space.at(index);
    if (hasNoAccess(region)) reserved += region.end - region.start;
    hasCode ||= isExecutable(region);
  }
  return {from, to, size, reserved, hasCode};
}
