import type {CodeObject} from './object.ts';
import type {Row} from './program.ts';
import type {Mapping, Space} from './space.ts';
import type {Frame} from './stack.ts';

/** A place in code, as a frame: all that is known of it without the stack. */
export interface Site {
  readonly frame: Frame;
  readonly row: Row | undefined;
  /** The first code of a program, which nobody called. */
  readonly isStart: boolean;
  /** Does the frame pointer point to the frame's record here, as far as can be known? */
  readonly keepsPointer: boolean;
  /** Is there a call before it? undefined where the bytes can't be read. */
  isAfterCall(): boolean | undefined;
}

/** Can a frame pointer's record lead here? To after a call, or to a first function, which seems to have called. */
export const isCaller = (site: Site): boolean => site.isStart || site.isAfterCall() !== false;

/** Places that are kept, over all mappings. */
const MOST_SITES = 100_000;

/** What was found out of places in code: kept, since programs come from the same ones again and again. */
export class Sites {
  #known = new Map<Mapping, Map<number, Site>>();
  #count = 0;

  /**
   * @param pc where the frame is, or returns to
   * @param isReturn is pc a return address? A call may be the last instruction of a function, so that its return
   *   address is in the next one: the byte before tells whose it is.
   * @returns undefined where no code is mapped
   */
  at(space: Space, pc: number, isReturn: boolean): Site | undefined {
    const mapping = space.at(isReturn ? pc - 1 : pc);
    if (!mapping) return undefined;
    let known = this.#known.get(mapping);
    if (!known) this.#known.set(mapping, (known = new Map()));
    const key = isReturn ? pc : -pc;
    const found = known.get(key);
    if (found) return found;
    if (this.#count >= MOST_SITES) {
      this.#known = new Map([[mapping, (known = new Map())]]);
      this.#count = 0;
    }
    this.#count++;
    const site = siteAt(mapping, pc, isReturn);
    known.set(key, site);
    return site;
  }
}

/** What a function gives, found out when it is first asked for. */
function once<T>(find: () => T): () => T {
  let found: {readonly value: T} | undefined;
  return () => (found ??= {value: find()}).value;
}

function siteAt(mapping: Mapping, pc: number, isReturn: boolean): Site {
  const {object} = mapping;
  const back = isReturn ? 1 : 0;
  const address = object?.ownAddress(mapping, pc - back);
  const row = address === undefined ? undefined : object?.rowAt(address);
  // Code that returns from a signal begins where the handler returns to, after nothing that calls.
  const found = address === undefined ? undefined : object?.functionAt(address + (row?.isSignal ? back : 0));
  const inFile = pc - back - mapping.start + mapping.offset;
  const isInFile = object !== undefined && address !== undefined;
  return {
    frame: {
      pc,
      address: address === undefined ? undefined : address + back,
      name: found?.name,
      offset: found && address !== undefined ? address + back - found.start : undefined,
      mapping,
      isSignal: row?.isSignal ?? false,
      isSwitch: object !== undefined && goRole(object, found?.name) === 'switch',
    },
    row,
    keepsPointer: isInFile ? keepsPointer(object, address, inFile, row) : isMade(mapping),
    isStart: isInFile && (object.isStart(address) || goRole(object, found?.name) === 'root'),
    isAfterCall: once(() => (isInFile ? object.isAfterCall(inFile + back) : undefined)),
  };
}

/** The rules say it, or else the code: where there are no rules, and in Go, whose rules only count from sp. */
function keepsPointer(object: CodeObject, address: number, inFile: number, row: Row | undefined): boolean {
  const {framePointer, record} = object.machine;
  if (!row || object.isGo) return object.hasFrame(address, inFile);
  if (row.isSignal || 'expression' in row.cfa || row.cfa.register !== framePointer) return false;
  const saved = row.rules.get(row.returnColumn);
  return saved?.kind === 'offset' && row.cfa.offset + saved.value === record.returnAddress;
}

/** Functions of Go's runtime that begin a stack, or go from one to another: runtime/asm_amd64.s and others. */
const GO_ROLES: Readonly<Record<string, 'root' | 'switch'>> = {
  'runtime.goexit': 'root',
  'runtime.mstart': 'root',
  'runtime.rt0_go': 'root',
  'runtime.asmcgocall': 'switch',
  'runtime.mcall': 'switch',
  'runtime.morestack': 'switch',
  'runtime.systemstack': 'switch',
};

const goRole = (object: CodeObject, name: string | undefined): 'root' | 'switch' | undefined =>
  object.isGo && name !== undefined ? GO_ROLES[name.replace(/\.abi\w+$/, '')] : undefined;

/**
 * Did a program make this code while it ran, and keep frame pointers in it? A file that can't be read may hold
 * anything.
 */
const isMade = ({name, object, keepsPointers: keeps}: Mapping): boolean =>
  object === undefined && keeps !== false && (name === '' || /^(\[anon:|\/\/anon|\/memfd:)/.test(name));
