import {sizeText} from '../../../model/amounts.ts';
import type {PythonHeap} from '../anonymous.ts';
import {someOf} from '../sentence.ts';
import type {CoreShare, RuntimePart, RuntimeSaid} from './part.ts';
import {MUCH, ownPartOf} from './sentence.ts';

/**
 * What the heap of a runtime came to, as far as a core file tells.
 *
 * @param python what its pools say, where they could be read
 * @returns undefined for a runtime that has none
 */
export function saidOfCore(
  runtime: string,
  parts: readonly RuntimePart[],
  python: PythonHeap | undefined,
): RuntimeSaid | undefined {
  const say = SAY[runtime];
  const part = ownPartOf(runtime, parts);
  if (!say || !part?.core) return undefined;
  return {text: say(part.core, part, python), about: part.core.dumped};
}

type Say = (core: CoreShare, part: RuntimePart, python: PythonHeap | undefined) => string;

/** @param who can say more of a core: a tool; '' where there is none */
const unknown =
  (what: string, who: string) =>
  ({dumped, leftOut}: CoreShare): string =>
    dumped === 0
      ? `The core does not have ${what}, ${sizeText(leftOut)} of addresses: what of it was live, and what was ` +
        'garbage or free, is not known.'
      : `The core has ${sizeText(dumped)} of ${what}: what of it was live, and what was garbage or free, ` +
        `${who === '' ? 'is not known' : `only a tool that knows its objects can say (${who})`}.`;

const SAY: Readonly<Record<string, Say>> = {
  Python: ofPython,
  'the JVM': ofJava,
  V8: unknown("V8's heap", 'llnode'),
  Go: unknown("Go's heap", 'viewcore'),
};

/** Pages of its arenas that are full of zeros were most likely never touched, and are left out as of malloc. */
function ofPython(core: CoreShare, {used, kept}: RuntimePart, python: PythonHeap | undefined): string {
  if (used === null || kept === null || !python) return unknown('what looks like arenas of Python', '')(core);
  const {resident} = python;
  const rest = resident - used - kept;
  const untold = rest > resident * MUCH ? ` Of ${sizeText(rest)} it is not known: their headers can't be read.` : '';
  const absent = core.leftOut > resident * MUCH ? ` The core does not have ${sizeText(core.leftOut)} more.` : '';
  const said =
    kept < resident * MUCH
      ? `Python's objects used ${someOf(used, resident)} in its arenas, and it kept only ${sizeText(kept)} free.`
      : `${someOf(kept, resident)} in Python's arenas was free and kept by Python: not a leak in itself; an arena ` +
        'goes back once its last object is freed.';
  return `${said}${untold}${absent}`;
}

/** Its counters are as old as its last collection, at most. */
function ofJava(core: CoreShare, {used, committed}: RuntimePart): string {
  if (used === null || committed === null) return unknown('the Java heap', 'jhsdb jmap --heap --core')(core);
  return (
    `The Java heap had ${sizeText(used)} in use, live or garbage, when it was last counted, of ` +
    `${sizeText(committed)}.`
  );
}
