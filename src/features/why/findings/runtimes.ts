import {sizeText} from '../../../model/amounts.ts';
import {PYTHONS} from '../../../classify/runtimes/python.ts';
import type {Figures} from '../figures.ts';
import {type Finding, rowsOf} from '../finding.ts';
import {shareOf, shareText} from '../facts/parts.ts';
import {someOf} from '../../heap/sentence.ts';
import {isMuch} from './malloc.ts';
import {ARENA_MAX, askRuntime, causeStep, growthStep, heapStep, memoryStep, releaseRuntime, showStep} from './steps.ts';

const row = rowsOf<Figures>();
const MIB = 1024 * 1024;

/** Memory of malloc, and what is mapped without a name, beside the heap that a runtime collects. */
const nativeOf = (figures: Figures): number =>
  ['inUse', 'kept', 'malloc', 'anon'].reduce((sum, key) => sum + figures.part(key), 0);

const managedOf = (figures: Figures): number => figures.partsLike(/^managed /).reduce((sum, {bytes}) => sum + bytes, 0);

/** The heap alone: tables of the collector and metaspace are not what -Xmx bounds. */
const javaHeap = (figures: Figures): number =>
  figures.partsLike(/^managed the Java heap$/).reduce((sum, {bytes}) => sum + bytes, 0);

/** What a runtime has beside the heap that it collects. */
interface Native {
  readonly native: number;
  readonly managed: number;
}

function nativeBeside(figures: Figures, name: string): Native | undefined {
  if (figures.runtime?.name !== name) return undefined;
  const [native, managed] = [nativeOf(figures), managedOf(figures)];
  return isMuch(native, figures, 0.4, 48 * MIB) && native > managed ? {native, managed} : undefined;
}

/** pmap -x prints [heap] as [ anon ]. */
const namesHeap = ({snapshot: {table}, malloc}: Figures): boolean =>
  malloc !== undefined || table.mapped.some(({name}) => name === '[heap]');

const isOfCore = ({facts}: Figures): boolean => facts.subject === 'core';

const EVIDENCE = "smaps Rss by kind of region, malloc's books where they could be read";

/** What language runtimes do with memory. */
export const RUNTIME_ROWS: ReadonlyArray<Finding<Figures>> = [
  row({
    name: 'java-native',
    tier: 'state',
    when: (figures) => nativeBeside(figures, 'the JVM'),
    weight: ({native}) => native,
    sentence: ({native}, figures) =>
      `${shareOf(native, figures.holds.total)} is native memory outside the Java heap (which has ` +
      `${sizeText(javaHeap(figures))} resident): direct buffers most likely, or a native library. -Xmx does not ` +
      'bound it.',
    evidence: EVIDENCE,
    certain: false,
    next: (_, figures) => [
      ...askRuntime(figures).toReversed(),
      {
        command: '-XX:MaxDirectMemorySize=SIZE',
        why: 'bounds direct buffers: the program then fails with an OutOfMemoryError that says so',
      },
      ARENA_MAX,
    ],
  }),
  row({
    name: 'v8-buffers',
    tier: 'state',
    when: (figures) => nativeBeside(figures, 'V8'),
    weight: ({native}) => native,
    sentence: ({native, managed}, {holds}) =>
      `${shareOf(native, holds.total)} is outside V8's heap (which has ${sizeText(managed)}): Buffers and ` +
      'ArrayBuffers most likely, or a native addon. --max-old-space-size does not bound it.',
    evidence: EVIDENCE,
    certain: false,
    next: (_, figures) => [...askRuntime(figures), heapStep(figures), causeStep(figures)],
  }),
  row({
    name: 'kept-by-python',
    tier: 'state',
    when: (figures) => {
      const [kept, used, rest] = ['pythonKept', 'pythonUsed', `arena ${PYTHONS}`].map((key) => figures.part(key));
      // Of a core, the rest is zeros: what was never touched was not resident.
      const arenas = isOfCore(figures) ? figures.python?.resident : kept! + used! + rest!;
      return isMuch(kept!, figures) && {kept: kept!, arenas: arenas ?? 0};
    },
    weight: ({kept}) => kept,
    sentence: ({kept, arenas}, figures) =>
      `${someOf(kept, arenas)} in Python's arenas ${isOfCore(figures) ? 'was' : 'is'} free and kept by Python, ` +
      `${shareOf(kept, figures.holds.total)}: not a leak. An arena goes back only once every object in it is freed.`,
    evidence: (_, figures) =>
      isOfCore(figures)
        ? "headers of Python's pools in the core; which pages were resident is not in it"
        : "headers of Python's pools in /proc/PID/mem, and which pages are resident",
    certain: (_, figures) => !isOfCore(figures),
    next: (_, figures) => [memoryStep(figures), ...releaseRuntime(figures), ...askRuntime(figures)],
  }),
  row({
    name: 'python-arenas',
    tier: 'state',
    when: (figures) => {
      const bytes = figures.part('anon') + figures.part(`arena ${PYTHONS}`);
      const isUnread = figures.runtime?.name === 'Python' && !figures.python;
      return isUnread && isMuch(bytes, figures, 0.4, 32 * MIB) && bytes;
    },
    weight: (bytes) => bytes,
    sentence: (bytes, figures) =>
      `${shareOf(bytes, figures.holds.total)} is in Python's arenas, where objects of up to 512 bytes live, or ` +
      `${namesHeap(figures) ? 'mapped by it' : "mapped by it, or malloc's ([heap] has no name here)"}: an arena ` +
      'goes back only once every object in it is freed. Live and freed are not told apart, since its pools were ' +
      'not read.',
    evidence: (_, {malloc}) =>
      malloc
        ? "smaps Rss of arenas by their size, and of anonymous memory that is in no book of malloc's"
        : "Rss of arenas by their size, and of anonymous memory; malloc's books were not read",
    certain: false,
    next: (_, figures) => [
      ...(figures.isAlive ? [memoryStep(figures)] : []),
      ...releaseRuntime(figures),
      ...askRuntime(figures),
      growthStep(figures),
    ],
  }),
  row({
    name: 'python-in-use',
    tier: 'holds',
    when: (figures) => isMuch(figures.part('pythonUsed'), figures, 0.5, 64 * MIB) && figures.part('pythonUsed'),
    weight: (bytes) => bytes,
    sentence: (bytes, figures) =>
      `${shareOf(bytes, figures.holds.total)} ${isOfCore(figures) ? 'was' : 'is'} in use by Python's objects of up ` +
      `to 512 bytes each: what its arenas keep free is ${shareText(figures.part('pythonKept'), figures.holds.total)}.`,
    evidence: (_, figures) => `headers of Python's pools in ${isOfCore(figures) ? 'the core' : '/proc/PID/mem'}`,
    certain: true,
    next: (_, figures) => [
      ...(figures.isAlive ? [growthStep(figures)] : []),
      ...askRuntime(figures),
      memoryStep(figures),
    ],
  }),
  row({
    name: 'runtime-heap',
    tier: 'holds',
    when: (figures) => {
      const managed = managedOf(figures);
      return figures.runtime && isMuch(managed, figures, 0.5, 64 * MIB)
        ? {managed, runtime: figures.runtime}
        : undefined;
    },
    weight: ({managed}) => managed,
    sentence: ({managed, runtime}, {holds}) =>
      `${shareOf(managed, holds.total)} is the heap of ${runtime.name}: what of it is live, the runtime alone can say.`,
    evidence: 'smaps Rss of the regions of the runtime',
    certain: false,
    next: (_, figures) => [
      ...askRuntime(figures),
      ...releaseRuntime(figures),
      showStep(figures, '--summary --by kind', 'all kinds'),
    ],
  }),
];
