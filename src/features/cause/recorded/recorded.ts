/*
 * What a recording says of memory calls: the lines that are not moments (features/cause/json.ts), each read once, in
 * order. Ids begin again where a recording was appended to, so each is looked up where it is used.
 */
import {array, hexString, integer, type Json, object, string} from '../../../model/json.ts';
import {Trouble} from '../../../model/trouble.ts';
import {named} from '../../../recording/refusal.ts';
import type {Recording} from '../../../recording/recording.ts';
import type {Range} from '../ledger/spans.ts';
import type {CallFrame, CallStack} from '../stacks.ts';

/** What such a line is. */
type Line = 'stack' | 'call' | 'causes' | 'kept' | 'touched' | 'end';

const HEAD = /^\{"event":"(stack|call|causes|kept|touched|end)"/;

/** What has the lines: a recording. */
export type CauseSource = Pick<Recording, 'beside'>;

interface CauseLine {
  readonly event: Line;
  readonly json: Json;
  /** The number of the moment that it follows. */
  readonly moment: number;
}

/** The lines of a recording that tell of memory calls, of some kinds. */
export function* causeLines(recording: CauseSource, ...wanted: readonly Line[]): Generator<CauseLine> {
  for (const {moment, bytes} of recording.beside()) {
    const event = HEAD.exec(bytes.toString('latin1', 0, 32))?.[1] as Line | undefined;
    if (event && wanted.includes(event)) yield {event, moment, json: parsed(bytes)};
  }
}

/** Was it recorded with --cause? */
export const hasCalls = (recording: CauseSource): boolean => !causeLines(recording, 'kept', 'call').next().done;

/**
 * Reads what a recording says of memory calls, and names the file where that makes no sense, as its lines are intact.
 *
 * @throws Trouble `input`
 */
export function reading<Result>(name: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw named(name, error);
  }
}

function parsed(bytes: Buffer): Json {
  try {
    return object(JSON.parse(bytes.toString('utf8')), 'a line of memory calls');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Trouble({
      kind: 'input',
      what: 'This recording cannot be used.',
      why: 'a line of memory calls is not JSON.',
      next: 'Record again: memmap record PID --cause -o FILE',
    });
  }
}

/** Stacks by their ids, as they are reported. */
export class RecordedStacks {
  readonly #stacks = new Map<number, CallStack>();

  /** @param base is added to its id */
  add(json: Json, base = 0): void {
    const stack = stackOf(json);
    this.#stacks.set(stack.id, base === 0 ? stack : {...stack, id: stack.id + base});
  }

  /** @param id null where there is none @throws Trouble `input` */
  of(id: unknown): CallStack | undefined {
    if (id === null) return undefined;
    const number = integer(id, 'stack');
    return this.#stacks.get(number) ?? unknown(`stack ${number}`);
  }
}

/**
 * What of its range a call mapped, moved or released: all, unless it says otherwise; nothing where it has none.
 *
 * @throws Trouble `input`
 */
export function partsOf({range, parts}: Json): Range[] {
  if (range === null) return [];
  return array(parts ?? [range], 'call.parts').map((part) => {
    const {start, end} = object(part, 'call.range');
    return {start: hexString(start, 'range.start'), end: hexString(end, 'range.end')};
  });
}

/** @throws Trouble `input` */
export function unknown(what: string): never {
  throw new Trouble({
    kind: 'input',
    what: 'This recording cannot be used.',
    why: `it refers to ${what}, which it does not have.`,
    next: 'Record again: memmap record PID --cause -o FILE',
  });
}

const ENDS = ['root', 'cut', 'no-unwind-info', 'limit'] as const;
const HOWS = ['dwarf', 'frame-pointer', 'mixed'] as const;

function stackOf(json: Json): CallStack {
  const frames = array(json['frames'], 'stack.frames').map(frameOf);
  return {
    id: integer(json['id'], 'stack.id'),
    end: oneOf(ENDS, json['end'], 'stack.end'),
    how: oneOf(HOWS, json['how'], 'stack.how'),
    frames,
    hasUnnamedCode: frames.some(({name, file}) => name === undefined && !file.startsWith('/')),
  };
}

/** @throws Trouble `input` */
export function oneOf<Word extends string>(words: readonly Word[], value: unknown, path: string): Word {
  return words.find((word) => word === value) ?? unknown(`${path} "${String(value)}"`);
}

/** @throws Trouble `input` */
export function frameOf(value: unknown): CallFrame {
  const {name, file, address, offset} = object(value, 'a frame');
  return {
    name: name === null ? undefined : string(name, 'frame.name'),
    file: string(file, 'frame.file'),
    address: Number.parseInt(string(address, 'frame.address'), 16) || 0,
    offset: typeof offset === 'number' ? offset : undefined,
    isSignal: false,
  };
}
