import {marginOf, type CheckReport, type Result} from '../check/result.ts';

/** The document `memmap.check/1`: times in ms since the beginning, amounts in bytes (or things), slopes in bytes a second. */
export function checkJSON(report: CheckReport): Record<string, unknown> {
  const {command, target, end, looks, ms, interval, beforeEnd, results, notes} = report;
  return {
    schema: 'memmap.check/1',
    command,
    target,
    end,
    ok: results.every(({verdict}) => verdict === 'ok'),
    looks,
    ms: Math.round(ms),
    interval,
    beforeEnd: beforeEnd === undefined ? undefined : Math.round(beforeEnd),
    results: results.map(resultJSON),
    notes: notes.length > 0 ? notes : undefined,
  };
}

function resultJSON(result: Result): Record<string, unknown> {
  const {rule, verdict, measured, at, isExact, slope, detail} = result;
  return {
    rule: rule.text,
    is: rule.is,
    verdict,
    measured,
    limit: rule.is === 'max' ? rule.limit : undefined,
    margin: marginOf(result),
    at: at === undefined ? undefined : Math.round(at),
    exact: isExact,
    slope: slope && {perSecond: slope.slope * 1000, low: slope.low * 1000, high: slope.high * 1000},
    detail,
  };
}
