import type {Clues} from '../model/clues/clues.ts';
import type {Regions} from '../model/columns/regions.ts';
import {tellArenas} from './arenas.ts';
import {tellAllocators} from './runtimes/allocators.ts';
import {tellGo} from './runtimes/go.ts';
import {tellJvm} from './runtimes/jvm.ts';
import {tellNames} from './names.ts';
import {tellPartitions} from './runtimes/partitions.ts';
import {tellPython} from './runtimes/python.ts';
import {tellRest} from './rest.ts';
import {tellSegments} from './segments.ts';
import {Space} from './space.ts';
import {tellStacks, tellStacksByShape} from './stacks.ts';
import {tellVector} from './vector.ts';
import {tellV8} from './runtimes/v8.ts';

/**
 * Gives each region of one address space its kind, its label, and why: the one place where that is decided.
 * docs/kinds.md says how each kind is recognised. What the kernel and the files say comes first, shapes and neighbours
 * last.
 *
 * @param regions ascending; what was decided about them before is forgotten
 * @param clues what else is known about the process; all of it may be absent
 * @param earlier an earlier look at the same process that had VmFlags, for a look that has none: a kind must not change
 *   from look to look only because smaps was not read
 */
export function classify(regions: Regions, clues: Clues = {}, earlier?: Regions): void {
  const space = new Space(regions, clues, earlier);
  tellNames(space);
  tellSegments(space);
  tellVector(space);
  tellGo(space);
  tellArenas(space);
  tellStacks(space);
  tellStacksByShape(space);
  tellPartitions(space);
  tellV8(space);
  tellJvm(space);
  tellPython(space);
  tellAllocators(space);
  tellRest(space);
}
