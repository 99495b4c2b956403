import type {Change} from '../../model/change.ts';
import {hex} from '../../model/region.ts';
import type {CauseCall, CauseEnd, CauseNews} from './news.ts';
import type {CallStack} from './stacks.ts';

/** The lines that come before the one of an event: new stacks, then calls that have them. */
export function causeDocuments(news: CauseNews | undefined): object[] {
  if (!news) return [];
  return [...news.stacks.map(stackJSON), ...news.calls.map((call) => callJSON(call, news.timeOf))];
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
    bytes: done?.bytes,
    stack: stack?.id ?? null,
    inferred,
  };
}
