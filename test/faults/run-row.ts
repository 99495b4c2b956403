import {has} from '../helpers/programs.ts';
import {isRoot, Scene, Unmet, type Need, type Row} from './scene.ts';

/** `ok` as expected · `open` known not to be · `later`, `not run` with the reason · `FAILED`. */
export interface Outcome {
  readonly row: Row;
  readonly mark: 'ok' | 'open' | 'not run' | 'FAILED';
  readonly seen: string;
}

/** Makes a fault, and says what happened. */
export async function runRow(row: Row): Promise<Outcome> {
  if (row.not !== undefined || !row.run) return {row, mark: 'not run', seen: row.not ?? ''};
  const lacks = (row.needs ?? []).map(missing).find((reason) => reason !== undefined);
  if (lacks !== undefined) return {row, mark: 'not run', seen: lacks};
  const scene = new Scene();
  try {
    return {row, mark: 'ok', seen: await row.run(scene)};
  } catch (error) {
    if (error instanceof Unmet) return {row, mark: 'open', seen: error.message};
    return {row, mark: 'FAILED', seen: (error as Error).stack ?? String(error)};
  } finally {
    scene.close();
  }
}

/** @returns what is missing here; undefined if it is there */
export function missing(need: Need): string | undefined {
  if (need === 'slow') return undefined;
  if (need === 'root') return isRoot ? undefined : 'needs root';
  return has(need) ? undefined : `needs ${need}`;
}
