import {PYTHONS} from '../../../classify/runtimes/python.ts';
import {sizeText} from '../../../model/amounts.ts';
import {someOf} from '../sentence.ts';
import type {RuntimePart, RuntimeSaid} from './part.ts';

/** From this part on free memory is what there is to say, as of malloc. */
export const MUCH = 0.1;

/**
 * What a runtime's heap comes to: whether it is in use, or free and kept, as far as anything outside of it can tell.
 *
 * @returns undefined for a runtime that has none
 */
export function saidOf(runtime: string, parts: readonly RuntimePart[]): RuntimeSaid | undefined {
  const part = ownPartOf(runtime, parts);
  if (part?.resident == null) return undefined;
  return {text: ROWS[runtime]!.say(part.resident, part), about: part.resident};
}

/** The part that is the runtime's own heap; undefined for a runtime that has none. */
export const ownPartOf = (runtime: string, parts: readonly RuntimePart[]): RuntimePart | undefined =>
  parts.find(({name}) => name === ROWS[runtime]?.part);

interface Row {
  /** The part that is the runtime's own heap. */
  readonly part: string;
  readonly say: (resident: number, part: RuntimePart) => string;
}

const unknown = (what: string, who: string) => (resident: number) =>
  `${what} has ${sizeText(resident)} resident: what of it is live, and what is garbage or free, only the program can ` +
  `say (${who}).`;

const ROWS: Readonly<Record<string, Row>> = {
  Python: {part: PYTHONS, say: ofPython},
  'the JVM': {part: 'the Java heap', say: ofJava},
  V8: {part: "V8's heap", say: unknown("V8's heap", 'process.memoryUsage()')},
  Go: {part: 'Go heap', say: unknown("Go's heap", 'runtime.MemStats')},
};

function ofPython(resident: number, {used, kept}: RuntimePart): string {
  if (used === null || kept === null)
    return unknown('Memory that looks like arenas of Python', 'sys._debugmallocstats()')(resident);
  const rest = resident - used - kept;
  const untold = rest > resident * MUCH ? ` Of ${sizeText(rest)} it is not known: their headers can't be read.` : '';
  const said =
    kept < resident * MUCH
      ? `Python's objects use ${someOf(used, resident)} in its arenas, and it keeps only ${sizeText(kept)} free.`
      : `${someOf(kept, resident)} in Python's arenas is free and kept by Python: not a leak in itself; an arena ` +
        'goes back once its last object is freed.';
  return `${said}${untold}`;
}

/** Its counters are as old as its last collection, at most. */
function ofJava(resident: number, {used, kept, committed}: RuntimePart): string {
  if (used === null || committed === null) return unknown('The Java heap', 'jcmd PID GC.heap_info')(resident);
  const live = `${sizeText(used)} in use, live or garbage, when it was last counted`;
  if (kept === null)
    return (
      `The Java heap had ${live}, of ${sizeText(committed)}; it is mapped several times, and RSS counts its pages ` +
      'as often.'
    );
  return kept < resident * MUCH
    ? `The Java heap had ${live}; ${someOf(resident, committed)} is resident.`
    : `${someOf(kept, resident)} of the Java heap is free and kept by the JVM: not a leak in itself; it had ${live}.`;
}
