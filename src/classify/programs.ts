import {baseName, type Space} from './space.ts';

/** Is a program or library mapped whose name fits? What runs in a process tells what its memory may be. */
export function runs(space: Space, pattern: RegExp): boolean {
  let last = '';
  for (let index = 0; index < space.regions.length; index++) {
    const {name} = space.regions[index]!;
    if (name === last || space.verdicts[index]?.kind !== 'text') continue;
    if (pattern.test(baseName(name))) return true;
    last = name;
  }
  return false;
}

/** Programs and libraries that have V8 in them. */
export const V8 = /^(node|nodejs|libnode\.so.*|libv8.*\.so.*|deno|d8|electron.*|chrom(e|ium).*|headless_shell|code|.*cef.*\.so|msedge|brave|opera|vivaldi.*)$/; // prettier-ignore

/** Of these, the ones that are Chromium, whose malloc is PartitionAlloc. */
export const CHROMIUM = /^(electron.*|chrom(e|ium).*|headless_shell|code|.*cef.*\.so|msedge|brave|opera|vivaldi.*)$/;

export const JVM = /^libjvm\.so$/;
