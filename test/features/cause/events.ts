import type {ExecutionContext} from 'ava';
import {conforms} from '../../helpers/schema.ts';

interface Stack {
  readonly event: 'stack';
  readonly id: number;
  readonly end: string;
  readonly frames: ReadonlyArray<{readonly name: string | null; readonly file: string; readonly address: string}>;
}

export interface Call {
  readonly event: 'call';
  readonly id: number;
  readonly name: string;
  readonly args: readonly string[] | null;
  readonly ret: string | number | null;
  readonly tid: number;
  readonly what: string;
  readonly bytes: number;
  readonly stack: number | null;
}

interface Change {
  readonly kind: string;
  readonly text: string;
  readonly range: {readonly start: string; readonly end: string};
  readonly why?: string;
  readonly causes?: ReadonlyArray<{readonly call: number; readonly bytes: number}>;
  readonly unexplained?: number;
}

export interface Share {
  readonly name: string;
  readonly stack: number | null;
  readonly calls: number;
  readonly mapped: number;
  readonly kept: number;
  readonly atPeak: number;
  readonly touched: number;
}

interface End {
  readonly engine: string;
  readonly calls: Readonly<Record<string, {readonly counted: number; readonly seen: number}>>;
  readonly lost: number;
  readonly changed: number;
  readonly explained: number;
  readonly peak: number;
  readonly shares: readonly Share[];
  readonly notes?: readonly string[];
}

/** The events of a watch with --cause, each as the schema says, and each id told before it is used. */
export class CauseEvents {
  readonly stacks = new Map<number, Stack>();
  readonly calls = new Map<number, Call>();
  readonly changes: Change[] = [];
  readonly end: End;

  constructor(t: ExecutionContext, text: string) {
    let end: End | undefined;
    for (const line of text.trimEnd().split('\n')) {
      const event = JSON.parse(line) as {event: string; changes?: Change[]; cause?: End};
      conforms(t, 'watch-event', event);
      if (event.event === 'stack') this.stacks.set((event as Stack).id, event as Stack);
      if (event.event === 'call') this.calls.set((event as Call).id, event as Call);
      for (const {stack} of event.event === 'call' ? [event as Call] : [])
        t.true(stack === null || this.stacks.has(stack));
      for (const change of event.changes ?? []) {
        this.changes.push(change);
        t.is(change.kind === 'touched', change.causes === undefined);
        for (const {call} of change.causes ?? []) t.true(this.calls.has(call), `call ${call}`);
      }
      if (event.event === 'end') end = event.cause;
    }
    this.end = end!;
  }

  /** The names of a stack's functions. */
  names(stack: number | null): string[] {
    return stack === null ? [] : this.stacks.get(stack)!.frames.map(({name}) => name ?? '?');
  }

  /** What was mapped by stacks with a function. */
  sharesOf(name: string): Share[] {
    return this.end.shares.filter(({stack}) => this.names(stack).includes(name));
  }
}

export const sum = (shares: readonly Share[], what: 'mapped' | 'kept' | 'atPeak' | 'touched' | 'calls'): number =>
  shares.reduce((all, share) => all + share[what], 0);
