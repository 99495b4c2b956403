import type {Change} from '../../model/change.ts';
import {hex} from '../../model/region.ts';
import type {CauseCall, CauseEnd, CauseNews} from './news.ts';
import type {CallStack} from './stacks.ts';

/** The lines that come before the one of an event: new stacks, then calls that have them. */
export function causeDocuments(news: CauseNews | undefined): object[] {
  if (!news) return [];
  return [...news.stacks.map(stackJSON), ...news.calls.map((call) => callJSON(call, news.timeOf))];
}

/**
 * The lines that only a recording has: whose the changes of a look are, who has more or less than before, and which
 * pages were touched.
 *
 * @param look its number
 */
export function bookDocuments(news: CauseNews | undefined, look: number): object[] {
  if (!news) return [];
  const {of, kept, touched = []} = news;
  const changes = [...(of ?? [])].map(([change, {causes, unexplained, why}]) => ({
    kind: change.kind,
    range: {start: hex(change.range.start), end: hex(change.range.end)},
    causes: causes.map(({call, bytes}) => ({call: call.id, bytes})),
    unexplained,
    why,
  }));
  const shares = kept?.shares.map(({name, stack, kept: bytes}) => ({name, stack: stack?.id ?? null, kept: bytes}));
  const pages = touched.map(({address, size, every, time, stack}) => ({
    address: hex(address),
    size,
    every,
    mono: time,
    stack: stack?.id ?? null,
  }));
  return [
    ...(changes.length > 0 ? [{event: 'causes', look, changes}] : []),
    ...(kept ? [{event: 'kept', look, whole: kept.isWhole, shares}] : []),
    ...(pages.length > 0 ? [{event: 'touched', look, pages}] : []),
  ];
}

/** What a change's document has besides the change. */
export function explainedJSON(news: CauseNews | undefined, change: Change): object {
  const explained = news?.of?.get(change);
  if (!explained) return {};
  const {causes, unexplained, why} = explained;
  return {causes: causes.map(({call, bytes}) => ({call: call.id, bytes})), unexplained, why};
}

/** What an end's document has. */
export function causeEndJSON(end: CauseEnd | undefined): {readonly cause?: object} {
  if (!end) return {};
  const {shares, notes, touched, ...rest} = end;
  return {
    cause: {
      ...rest,
      touched,
      shares: shares.map(({stack, ...share}) => ({...share, stack: stack?.id ?? null})),
      notes: notes.length > 0 ? notes : undefined,
    },
  };
}

function stackJSON({id, end, how, frames}: CallStack): object {
  return {
    event: 'stack',
    id,
    end,
    how,
    frames: frames.map(({name, file, address, offset}) => ({
      name: name ?? null,
      file,
      address: hex(address),
      offset: offset ?? null,
    })),
  };
}

function callJSON(call: CauseCall, timeOf: CauseNews['timeOf']): object {
  const {id, time, tid, name, args, result, done, stack, inferred} = call;
  return {
    event: 'call',
    id,
    at: timeOf(time),
    mono: time,
    tid,
    name,
    args: args?.map((arg) => `0x${arg.toString(16)}`) ?? null,
    ret: result === undefined ? null : result < 0 ? result : hex(result),
    what: done?.what,
    range: done && done.end > done.start ? {start: hex(done.start), end: hex(done.end)} : null,
    parts: done?.parts?.map(({start, end}) => ({start: hex(start), end: hex(end)})),
    bytes: done?.bytes,
    stack: stack?.id ?? null,
    inferred,
  };
}
