import {changeJSON} from '../model/change.ts';
import {writeOut} from './output.ts';
import type {Reporter} from './watching.ts';

/** Watch events as NDJSON: one object a line, written as it happens. `end` is always the last. */
export const jsonReporter: Reporter = {
  start: (snapshot) => event('start', snapshot.toJSON()),
  change: (tick, changes, delta) => event('change', {tick, changes: changes.map(changeJSON), delta}),
  exec: (tick, snapshot) => event('exec', {tick, ...snapshot.toJSON()}),
  exit: (tick, state) => event('exit', {tick, state}),
  end: (ticks, reason, cost) => event('end', {ticks, reason, cost}),
};

const event = (name: string, rest: object): Promise<void> =>
  writeOut(`${JSON.stringify({event: name, at: new Date().toISOString(), ...rest})}\n`);
