import {isOwnName, object, type Json} from '../../model/json.ts';

/**
 * What differs between two records of names and values: the new values, and null for what is gone. Status, process,
 * clues and the members of a family are kept up to date with these.
 */
type Patch = Readonly<Record<string, unknown>>;

/**
 * Parts of the clues of which each entry changes on its own: threads by id, files by name, Committed_AS of the machine.
 */
export const BY_ENTRY: ReadonlySet<string> = new Set(['threads', 'files', 'deleted', 'machine']);

/** @returns undefined if nothing differs */
export function patchOf(before: Json, after: Json, depth = 1): Patch | undefined {
  const patch: Record<string, unknown> = {};
  for (const name in after) {
    const [from, to] = [before[name], after[name]];
    if (to === undefined || isAlike(from, to)) continue;
    const isNested = depth > 0 && BY_ENTRY.has(name) && isRecord(from) && isRecord(to);
    const differing = isNested ? patchOf(from, to, depth - 1) : to;
    if (differing !== undefined) patch[name] = differing;
  }
  for (const name in before) if (before[name] !== undefined && after[name] === undefined) patch[name] = null;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** The reverse: `before` with a patch applied. */
export function patched(before: Json, patch: unknown, path: string, depth = 1): Json {
  const after: Record<string, unknown> = {...before};
  for (const [name, value] of Object.entries(object(patch, path))) {
    if (!isOwnName(name)) continue;
    const known = after[name];
    const isNested = depth > 0 && BY_ENTRY.has(name) && isRecord(known) && isRecord(value);
    if (value === null) delete after[name];
    else after[name] = isNested ? patched(known, value, `${path}.${name}`, depth - 1) : value;
  }
  return after;
}

/** The threads of the clues are a record by id; those of status are a number. */
const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Are two values of a document the same? */
export function isAlike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return JSON.stringify(a) === JSON.stringify(b);
}
