import {array, object, string, type Json} from '../../../model/json.ts';
import {Trouble} from '../../../model/trouble.ts';
import {frameOf, partsOf} from './recorded.ts';
import type {CallStack} from '../stacks.ts';

/** What a saved share has: Share, in bytes. */
export interface SavedShare {
  readonly name: string;
  readonly stack: Pick<CallStack, 'frames'> | undefined;
  readonly mapped: number;
  readonly kept: number;
  readonly atPeak: number;
  readonly touched: number;
}

/** Of a line, where it says what it is. */
const HEAD = /^\{\s*"event":\s*"(stack|end)"/;

/**
 * Who mapped what, out of a recording with causes, or the events that `run --cause --json` or `watch --cause --json`
 * printed.
 *
 * @param lines without their newlines; whoever wrote them may be hostile
 * @throws Trouble `input` where they are not such events, or have no end
 */
export function readShares(lines: Iterable<Uint8Array>, name: string): SavedShare[] {
  const stacks = new Map<unknown, Pick<CallStack, 'frames'>>();
  let shares: readonly unknown[] | undefined;
  for (const bytes of lines) {
    const [, event] = HEAD.exec(Buffer.from(bytes.subarray(0, 64)).toString('latin1')) ?? [];
    if (event === undefined) continue;
    const json = parsed(bytes, name);
    if (event === 'stack') stacks.set(json['id'], {frames: array(json['frames'], 'frames').map(frameOf)});
    else if (json['cause'] !== undefined) shares = array(object(json['cause'], 'cause')['shares'], 'cause.shares');
  }
  if (!shares) throw noCauses(name);
  return shares.map((share) => shareOf(object(share, 'a share'), stacks));
}

/** The call that mapped an address, as a recording has it. */
export interface SavedMapper {
  /** Of the system call, or `stack growth`. */
  readonly name: string;
  readonly tid: number;
  /** ISO 8601. */
  readonly at: string;
  readonly range: {readonly start: number; readonly end: number};
  readonly stack: Pick<CallStack, 'frames'> | undefined;
}

/** Of a line of a recording that matters for this. */
const CALL_OR_STACK = /^\{"event":"(stack|call)"/;

/**
 * Who mapped an address?
 *
 * @param lines of a recording
 * @param until ISO 8601: what was called later doesn't count
 * @returns `nobody` where no call did that was seen; undefined where there are no calls at all
 */
export function readMapper(
  lines: Iterable<Uint8Array>,
  {address, until, name}: {readonly address: number; readonly until: string; readonly name: string},
): SavedMapper | 'nobody' | undefined {
  const stacks = new Map<unknown, Pick<CallStack, 'frames'>>();
  let found: SavedMapper | 'nobody' | undefined;
  for (const bytes of lines) {
    const [, event] = CALL_OR_STACK.exec(Buffer.from(bytes.subarray(0, 64)).toString('latin1')) ?? [];
    if (event === undefined) continue;
    const json = parsed(bytes, name);
    if (event === 'stack') {
      stacks.set(json['id'], {frames: array(json['frames'], 'frames').map(frameOf)});
      continue;
    }
    found ??= 'nobody';
    const at = string(json['at'], 'call.at');
    if (at > until || json['range'] === null) continue;
    const {start, end} = object(json['range'], 'call.range');
    const range = {start: Number(string(start, 'start')), end: Number(string(end, 'end'))};
    if (!partsOf(json).some((part) => address >= part.start && address < part.end)) continue;
    if (json['what'] === 'unmapped') found = 'nobody';
    if (json['what'] !== 'mapped' && json['what'] !== 'moved') continue;
    const tid = typeof json['tid'] === 'number' ? json['tid'] : 0;
    found = {name: string(json['name'], 'call.name'), tid, at, range, stack: stacks.get(json['stack'])};
  }
  return found;
}

function parsed(bytes: Uint8Array, name: string): Json {
  try {
    return object(JSON.parse(Buffer.from(bytes).toString('utf8')), 'a line');
  } catch (error) {
    throw error instanceof SyntaxError ? noCauses(name) : error;
  }
}

const bytesOf = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value) : 0);

function shareOf(share: Json, stacks: ReadonlyMap<unknown, Pick<CallStack, 'frames'>>): SavedShare {
  const {name, stack, mapped, kept, atPeak, touched} = share;
  return {
    name: string(name, 'share.name'),
    stack: stacks.get(stack),
    mapped: bytesOf(mapped),
    kept: bytesOf(kept),
    atPeak: bytesOf(atPeak),
    touched: bytesOf(touched),
  };
}

const noCauses = (name: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot use ${name}.`,
    why: 'it has no causes: these are at the end of a recording with --cause, and of what --cause --json prints.',
    next: 'Make such a file: memmap record PID --cause -o FILE, or: memmap run --cause --record FILE -- COMMAND',
  });
