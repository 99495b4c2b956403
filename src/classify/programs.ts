import {baseName, type Space} from './space.ts';

/** What a program's name says of the memory that it will have. */
export type Runtime = 'V8' | 'Chromium' | 'JVM';

/** Is a program or a library mapped that has this runtime in it? */
export function runs(space: Space, runtime: Runtime): boolean {
  space.runtimes ??= runtimesIn(space);
  return space.runtimes.has(runtime);
}

/** Programs that have V8 in them; some of these are Chromium, whose malloc is PartitionAlloc. */
const WITH_V8 = /^(?:node|nodejs|libnode\.so.*|libv8.*\.so.*|deno|d8|code|electron.*|chrom(?:e|ium).*|headless_shell|libcef\.so|msedge|brave|opera|vivaldi.*)$/; // prettier-ignore
const CHROMIUM = /^(?:code|electron.*|chrom(?:e|ium).*|headless_shell|libcef\.so|msedge|brave|opera|vivaldi.*)$/;

function runtimesIn(space: Space): Set<string> {
  const found = new Set<Runtime>();
  let last = '';
  for (const index of space.telling) {
    const {name} = space.regions[index]!;
    if (name === last || space.verdicts[index]?.kind !== 'text') continue;
    last = name;
    const program = baseName(name);
    if (program === 'libjvm.so') found.add('JVM');
    if (!WITH_V8.test(program)) continue;
    found.add('V8');
    if (CHROMIUM.test(program)) found.add('Chromium');
  }
  return found;
}
