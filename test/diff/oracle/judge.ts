import {statSync} from 'node:fs';
import type {Diff} from '../../../src/diff/diff.ts';
import type {Change, Range} from '../../../src/model/change.ts';
import {pagesOf} from '../tools.ts';
import {CLAIMS} from './claims.ts';
import {lineAt, type Line} from './listing.ts';
import type {Call, Page, Told} from './program.ts';

/** One moment, as the program and the kernel tell it. */
export interface Moment {
  readonly told: Told;
  readonly lines: readonly Line[];
}

/** What is known of a diff from outside. */
export interface Case {
  readonly before: Moment;
  readonly after: Moment;
  /** What the program called in between. */
  readonly calls: readonly Call[];
  readonly windows: readonly Range[];
}

/** Why the program's own account is not what the kernel lists; undefined where they agree. */
export function disagreement({told, lines}: Moment, windows: readonly Range[]): string | undefined {
  for (const page of windows.flatMap(pagesOf)) {
    const [ours, line] = [told.pages.get(page), lineAt(lines, page)];
    const where = `page ${page.toString(16)}`;
    if (!ours !== !line) return `${where}: ${ours ? 'is mapped, and not listed' : `listed as ${line!.name}`}`;
    if (!ours) continue;
    const perms = ours.access + (ours.type === 'a' || ours.type === 'p' ? 'p' : 's');
    if (perms !== line!.perms) return `${where}: ${perms}, listed as ${line!.perms}`;
    if ((ours.type === 'a') !== (line!.inode === '0')) return `${where}: ${ours.type}, listed as ${line!.name}`;
    if (ours.file > 0 && line!.offset + page - line!.start !== ours.at * 4096) return `${where}: another offset`;
  }
  return undefined;
}

/** What is false in a diff of one process: each fault with the sentence. */
export function falsehoods(diff: Diff, known: Case): string[] {
  return [...diff.changes.flatMap((change) => faultsOf(change, known)), ...silences(diff, known)];
}

function faultsOf(change: Change, known: Case): string[] {
  for (const [pattern, judge] of CLAIMS) {
    const match = pattern.exec(change.text);
    if (!match) continue;
    const fault = judge(match.groups ?? {}, change, known);
    return fault === undefined ? [] : [`${fault}: ${change.text}`];
  }
  return [`nothing here can judge this sentence: ${change.text}`];
}

/** Pages that are not what they were, and in no change. */
function silences({changes}: Diff, {before, after, windows}: Case): string[] {
  const told = changes.flatMap(({range, from}) => (from ? [range, from] : [range]));
  const isTold = (page: number): boolean => told.some(({start, end}) => start <= page && page < end);
  const silent = windows
    .flatMap(pagesOf)
    .filter((page) => nature(before, page) !== nature(after, page) && !isTold(page));
  return silent.length === 0 ? [] : [`${silent.length} pages changed in silence, from ${silent[0]!.toString(16)}`];
}

function nature({told, lines}: Moment, address: number): string {
  const page = told.pages.get(address);
  if (!page) return '';
  const {name, inode, flags} = lineAt(lines, address)!;
  const shown = [...flags].filter((code) => !['rd', 'wr', 'ex', 'sh', 'sd'].includes(code)).sort();
  return [page.access, page.type, page.file, page.at, name, inode, ...shown].join(' ');
}

/** The pages of a range that lie in the windows: only there it is known what was done. */
export const known = ({windows}: Case, range: Range): number[] =>
  pagesOf(range).filter((page) => windows.some(({start, end}) => start <= page && page < end));

/** The last successful call of some on a page. */
export const lastCall = ({calls}: Case, page: number, names: readonly string[]): Call | undefined =>
  calls.findLast(({name, start, end, result}) => result === 0 && start <= page && page < end && names.includes(name));

export const isSameMemory = (a: Page | undefined, b: Page | undefined): boolean =>
  a !== undefined && b !== undefined && a.id === b.id;

/** Does a path lead to an inode? */
export function leadsTo(path: string, inode: string): boolean {
  try {
    return String(statSync(path, {bigint: true}).ino) === inode;
  } catch {
    return false;
  }
}
