import type {Snapshot} from '../../model/snapshot.ts';
import {programOf} from '../../model/clues/program.ts';
import type {Step} from './finding.ts';

/** A language runtime, as its files and regions show it, and what it can be asked. */
export interface Runtime {
  readonly name: string;
  /** A file that is mapped, by the last part of its path. */
  readonly file: RegExp;
  /** A label that `classify` gives to its memory alone. */
  readonly label?: RegExp;
  /** What to ask it about its own heap. @param pid `PID` where none is known, as of a core */
  readonly ask: (pid: string) => readonly Step[];
  /** How to get memory back that it keeps. */
  readonly release: (pid: string) => readonly Step[];
}

const HEAP_INFO = 'what of the Java heap is in use, and what is garbage or free';

/** The first that fits counts: a JVM may have Python's library loaded, and not the other way round. */
const RUNTIMES: readonly Runtime[] = [
  {
    name: 'the JVM',
    file: /^libjvm\.so$/,
    ask: (pid) => [
      {command: `jcmd ${pid} GC.heap_info`, why: HEAP_INFO},
      {
        command: `jcmd ${pid} VM.native_memory summary`,
        why: 'names native memory by its user; the JVM must have been started with -XX:NativeMemoryTracking=summary',
      },
    ],
    release: (pid) => [
      {command: `jcmd ${pid} GC.run`, why: 'collects garbage; what the heap then gives back depends on the collector'},
    ],
  },
  {
    name: 'V8',
    file: /^(node|nodejs|libnode\.so.*|deno|electron.*)$/,
    label: /^V8's heap$/,
    ask: (pid) => [
      {
        command: `kill -USR1 ${pid} && node inspect -p ${pid}`,
        why: 'opens the inspector: process.memoryUsage() shows V8 heap, external and arrayBuffers separately',
      },
      {
        command: 'node --heapsnapshot-signal=SIGUSR2 …',
        why: 'started so, it writes a heap snapshot on each such signal; compare two of them',
      },
    ],
    release: () => [
      {command: 'node --max-old-space-size=MIB …', why: 'makes V8 collect earlier; its heap stays below that'},
    ],
  },
  {
    name: 'Go',
    file: /^$/,
    label: /^Go heap$/,
    ask: () => [
      {
        command: 'go tool pprof http://HOST:PORT/debug/pprof/heap',
        why: 'what is live and who allocated it, where the program serves net/http/pprof',
      },
    ],
    release: () => [
      {command: 'debug.FreeOSMemory()', why: 'called in the program it collects and gives back at once'},
      {command: 'GOMEMLIMIT=…MiB', why: 'the collector then works harder to stay below'},
    ],
  },
  {
    name: 'Python',
    file: /^(python\d?[\d.]*|libpython\d[^/]*\.so.*)$/,
    ask: () => [
      {
        command: 'PYTHONTRACEMALLOC=10 python …',
        why: 'tracemalloc.take_snapshot() then says which lines allocated what is live',
      },
    ],
    release: () => [
      {
        command: 'gc.collect(); sys._debugmallocstats()',
        why:
          'in the program: frees cycles, and prints how full the arenas are; an arena is given back once it is ' +
          'empty',
      },
    ],
  },
  {
    name: 'Ruby',
    file: /^(ruby[\d.]*|libruby[^/]*\.so.*)$/,
    ask: () => [{command: 'ObjectSpace.dump_all', why: 'in the program: lists live objects and who made them'}],
    release: () => [{command: 'GC.compact', why: 'in the program: moves objects together, so that pages come free'}],
  },
  {
    name: '.NET',
    file: /^libcoreclr\.so$/,
    ask: (pid) => [{command: `dotnet-gcdump collect -p ${pid}`, why: 'what is live on the managed heap, by type'}],
    release: () => [{command: 'DOTNET_GCConserveMemory=7', why: 'makes the collector keep less'}],
  },
];

/** The runtime that a process has; undefined where none is known. */
export function runtimeOf(snapshot: Snapshot): Runtime | undefined {
  const {table} = snapshot;
  const names = [...table.mapped.map(({name}) => name), snapshot.process.exe ?? '', programOf(snapshot) ?? ''];
  const files = new Set(names.map((name) => name.replace(/ \(deleted\)$/, '').replace(/^.*\//, '')));
  const labels = new Set(table.tables.verdicts.map(({label = ''}) => label));
  return RUNTIMES.find(
    ({file, label}) =>
      [...files].some((name) => name !== '' && file.test(name)) ||
      (label && [...labels].some((each) => label.test(each))),
  );
}
