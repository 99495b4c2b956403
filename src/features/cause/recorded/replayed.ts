import type {Change} from '../../../model/change.ts';
import {array, hexString, integer, type Json, object, string} from '../../../model/json.ts';
import type {Recording} from '../../../recording/recording.ts';
import type {Done} from '../ledger/books.ts';
import type {Frames} from '../fold.ts';
import {type CauseCall, type CauseEnd, type CauseNews, ENGINES, type Explained, WHY_NOTS} from '../news.ts';
import {causeLines, oneOf, reading, RecordedStacks, unknown} from './recorded.ts';
import type {CallStack} from '../stacks.ts';

interface RecordedCall extends CauseCall {
  /** ISO 8601. */
  readonly at: string;
}

/** What a change is found by: the changes of a moment are those of the look that was recorded. */
const keyOf = (kind: string, start: number, end: number): string => `${kind} ${start} ${end}`;

type Answers = ReadonlyMap<string, Explained>;

/** Whose the changes of a recording are, as they were reported when it was made. */
export class RecordedCauses {
  /** What it came to; undefined where it breaks off. */
  readonly end: CauseEnd | undefined;
  readonly #frames: Frames;
  readonly #answers: ReadonlyMap<number, Answers>;
  readonly #told = new Set<CallStack | CauseCall>();

  private constructor(frames: Frames, answers: ReadonlyMap<number, Answers>, end: CauseEnd | undefined) {
    this.#frames = frames;
    this.#answers = answers;
    this.end = end;
  }

  /**
   * @param name of the file
   * @returns undefined where it was recorded without --cause
   * @throws Trouble `input`
   */
  static read(recording: Recording, name: string, frames: Frames): RecordedCauses | undefined {
    return reading(name, () => {
      const ids = new Ids();
      const answers = new Map<number, Answers>();
      let end: CauseEnd | undefined;
      let isThere = false;
      for (const {event, json, moment} of causeLines(recording, 'stack', 'call', 'causes', 'end')) {
        if (event === 'stack') ids.addStack(json);
        else if (event === 'call') ids.addCall(json);
        else if (event === 'causes') answers.set(moment, answersOf(json, ids));
        else end = json['cause'] === undefined ? undefined : endOf(object(json['cause'], 'cause'), ids.stacks);
        isThere ||= event !== 'end' || end !== undefined;
      }
      return isThere ? new RecordedCauses(frames, answers, end) : undefined;
    });
  }

  /**
   * What is to be reported with the changes of a moment: whose they are, and what calls and stacks that refers to, each
   * once.
   */
  news(moment: number | undefined, changes: readonly Change[] = [], isEnd = false): CauseNews {
    const answers = this.#answers.get(moment ?? -1);
    const of = new Map<Change, Explained>();
    for (const change of changes) {
      const {start, end} = change.range;
      const answer = answers?.get(keyOf(change.kind, start, end));
      if (answer) of.set(change, answer);
    }
    const cited = [...of.values()].flatMap(({causes}) => causes.map(({call}) => call as RecordedCall));
    const calls = cited.filter((call) => this.#isNew(call));
    const used = [...calls.map(({stack}) => stack), ...(isEnd ? (this.end?.shares ?? []) : []).map(({stack}) => stack)];
    const stacks = used.filter((stack) => stack !== undefined).filter((stack) => this.#isNew(stack));
    const times = new Map(calls.map(({time, at}) => [time, at]));
    const timeOf = (ns: number): string => times.get(ns) ?? '';
    return {stacks, calls, timeOf, frames: this.#frames, of, end: isEnd ? this.end : undefined};
  }

  #isNew(what: CallStack | CauseCall): boolean {
    const isNew = !this.#told.has(what);
    this.#told.add(what);
    return isNew;
  }
}

/**
 * What the memory calls of a recording came to.
 *
 * @param name of the file
 * @returns undefined where it was recorded without --cause, or breaks off
 * @throws Trouble `input`
 */
export const recordedEnd = (recording: Recording, name: string): CauseEnd | undefined =>
  reading(name, () => {
    let stacks = new RecordedStacks();
    let isOver = false;
    let end: CauseEnd | undefined;
    for (const {event, json} of causeLines(recording, 'stack', 'end')) {
      if (event === 'stack') {
        // What is appended has ids of its own.
        if (isOver) stacks = new RecordedStacks();
        stacks.add(json);
      } else end = json['cause'] === undefined ? undefined : endOf(object(json['cause'], 'cause'), stacks);
      isOver = event === 'end';
    }
    return recording.end ? end : undefined;
  });

/** Calls and stacks by their ids. Where a recording was appended to, its ids begin again: these continue. */
class Ids {
  stacks = new RecordedStacks();
  #calls = new Map<number, RecordedCall>();
  #known = {stacks: new Set<number>(), stackBase: 0, callBase: 0};

  addStack(json: Json): void {
    const id = integer(json['id'], 'stack.id');
    if (this.#known.stacks.has(id)) this.#begin();
    this.#known.stacks.add(id);
    this.stacks.add(json, this.#known.stackBase);
  }

  addCall(json: Json): void {
    const call = callOf(json, this.stacks, this.#known.callBase);
    this.#calls.set(call.id - this.#known.callBase, call);
  }

  call(value: unknown): RecordedCall {
    const id = integer(value, 'cause.call');
    return this.#calls.get(id) ?? unknown(`call ${id}`);
  }

  #begin(): void {
    const {stacks, stackBase, callBase} = this.#known;
    const lastStack = [...stacks].reduce((most, id) => Math.max(most, id), 0);
    const lastCall = [...this.#calls.keys()].reduce((most, id) => Math.max(most, id), 0);
    this.#known = {stacks: new Set(), stackBase: stackBase + lastStack, callBase: callBase + lastCall};
    this.stacks = new RecordedStacks();
    this.#calls = new Map();
  }
}

function callOf(json: Json, stacks: RecordedStacks, base: number): RecordedCall {
  const {id, at, mono, tid, name, args, ret, range, stack, inferred} = json;
  if (typeof mono !== 'number') return unknown('the time of a call');
  const {start, end} = range === null ? {start: '0x0', end: '0x0'} : object(range, 'call.range');
  const place = {start: hexString(start, 'call.range.start'), end: hexString(end, 'call.range.end')};
  return {
    id: integer(id, 'call.id') + base,
    at: string(at, 'call.at'),
    time: mono,
    tid: integer(tid, 'call.tid'),
    name: string(name, 'call.name'),
    args: args === null ? undefined : array(args, 'call.args').map((arg) => bits(arg)),
    result: ret === null ? undefined : typeof ret === 'number' ? ret : Number(bits(ret)),
    stack: stacks.of(stack),
    inferred: inferred === true,
    done: {...place, what: json['what'] as Done['what'], bytes: Number(json['bytes'] ?? 0)},
  };
}

/** 64 bits in hex. */
function bits(value: unknown): bigint {
  const text = string(value, 'an argument of a call');
  return /^0x[0-9a-f]{1,16}$/.test(text) ? BigInt(text) : unknown(`the argument "${text}"`);
}

function answersOf(json: Json, ids: Ids): Answers {
  return new Map(
    array(json['changes'], 'causes.changes').map((value) => {
      const {kind, range, causes, unexplained, why} = object(value, 'a change');
      const {start, end} = object(range, 'change.range');
      const calls = array(causes, 'change.causes').map((cause) => {
        const {call, bytes} = object(cause, 'a cause');
        return {call: ids.call(call), bytes: integer(bytes, 'cause.bytes')};
      });
      const answer: Explained = {
        causes: calls,
        unexplained: integer(unexplained, 'change.unexplained'),
        why: why === undefined ? undefined : oneOf(WHY_NOTS, why, 'change.why'),
      };
      return [keyOf(string(kind, 'change.kind'), hexString(start, 'start'), hexString(end, 'end')), answer];
    }),
  );
}

/** A count, or null where it isn't known. */
const orNull = (value: unknown, path: string): number | null => (value === null ? null : integer(value, path));

function endOf(json: Json, stacks: RecordedStacks): CauseEnd {
  const {whole, cut, jit, none} = object(json['stacks'], 'cause.stacks');
  const {touched, notes = []} = json;
  return {
    engine: oneOf(ENGINES, json['engine'], 'cause.engine'),
    calls: Object.fromEntries(
      Object.entries(object(json['calls'], 'cause.calls')).map(([name, value]) => {
        const {counted, seen} = object(value, name);
        return [name, {counted: orNull(counted, 'counted'), seen: integer(seen, 'seen')}];
      }),
    ),
    lost: orNull(json['lost'], 'cause.lost'),
    stacks: {
      whole: integer(whole, 'whole'),
      cut: integer(cut, 'cut'),
      jit: integer(jit, 'jit'),
      none: integer(none, 'none'),
    },
    ...(touched !== undefined && {touched: touchedOf(object(touched, 'cause.touched'))}),
    changed: integer(json['changed'], 'cause.changed'),
    explained: integer(json['explained'], 'cause.explained'),
    peak: integer(json['peak'], 'cause.peak'),
    shares: array(json['shares'], 'cause.shares').map((value) => {
      const share = object(value, 'a share');
      const amount = (name: string): number => integer(share[name], `share.${name}`);
      return {
        name: string(share['name'], 'share.name'),
        stack: stacks.of(share['stack']),
        calls: amount('calls'),
        mapped: amount('mapped'),
        atPeak: amount('atPeak'),
        kept: amount('kept'),
        touched: amount('touched'),
      };
    }),
    notes: array(notes, 'cause.notes').map((note) => string(note, 'a note')),
  };
}

const touchedOf = ({every, counted, seen}: Json): NonNullable<CauseEnd['touched']> => ({
  every: integer(every, 'touched.every'),
  counted: orNull(counted, 'touched.counted'),
  seen: integer(seen, 'touched.seen'),
});
