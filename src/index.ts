/**
 * memmap as a library: read a process's memory map, or a saved one, and say what changed. It needs no terminal.
 *
 *     import {capture, diff, parse} from 'memmap';
 *     const before = capture(4242);
 *     const changes = diff(before, capture(4242)).changes;
 */
export {capture} from './procfs/capture.ts';
export {parse} from './parse/parse.ts';
export {diff, Diff, type DiffOptions} from './diff/diff.ts';
export {Snapshot, type Consistency, type ProcessInfo, type Rejected, type Source} from './model/snapshot.ts';
export type {Totals} from './model/totals.ts';
export {Trouble, type TroubleKind} from './model/trouble.ts';
export type {Change, ChangeKind, Delta, Range} from './model/change.ts';
export type {Kind} from './model/kind.ts';
export type {Region} from './model/region.ts';
export type {Usage} from './model/region.ts';
