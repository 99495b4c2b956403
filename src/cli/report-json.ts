import {changeJSON} from '../model/change.ts';
import {jsonLinePieces} from '../render/json.ts';
import {writePieces} from './output.ts';
import type {Reporter} from './watching.ts';

/** Watch events as NDJSON: one object a line, written as it happens. `end` is always the last. */
export const jsonReporter: Reporter = {
  start: (snapshot) => event('start', snapshot.document()),
  change: (tick, changes, delta) => event('change', {tick, changes: changes.map(changeJSON), delta}),
  exec: (tick, snapshot) => event('exec', {tick, ...snapshot.document()}),
  exit: (tick, state) => event('exit', {tick, state}),
  end: (ticks, reason, cost) => event('end', {ticks, reason, cost}),
};

const event = (name: string, rest: object): Promise<void> =>
  writePieces(jsonLinePieces({event: name, at: new Date().toISOString(), ...rest}));
