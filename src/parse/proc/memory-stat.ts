import type {Group} from '../../model/group/group.ts';
import {latin1} from '../scan.ts';

type Pressure = NonNullable<Group['pressure']>;

/** A file of `key value` lines: memory.stat, memory.events, memory.oom_control. What isn't a number is left out. */
export function parseKeyed(bytes: Uint8Array): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of latin1(bytes, 0, bytes.length).split('\n')) {
    const match = /^(\w+) (\d+)$/.exec(line);
    if (match) values.set(match[1]!, Number(match[2]));
  }
  return values;
}

/**
 * memory.pressure: Documentation/accounting/psi.rst.
 *
 * @returns undefined if it isn't one
 */
export function parsePressure(bytes: Uint8Array): Group['pressure'] {
  const text = latin1(bytes, 0, bytes.length);
  const [some, full] = [stalledIn(text, 'some'), stalledIn(text, 'full')];
  return some && {some, ...(full && {full})};
}

function stalledIn(text: string, name: string): Pressure['some'] | undefined {
  const match = new RegExp(`^${name} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`, 'm').exec(text);
  if (!match) return undefined;
  const [avg10, avg60, avg300, total] = match.slice(1).map(Number) as [number, number, number, number];
  return {avg10, avg60, avg300, total};
}
