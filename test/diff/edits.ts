import type {Region, Usage} from '../../src/model/region.ts';
import {PAGE} from './tools.ts';

/** What memory is: a file's page, or anonymous memory with or without a label of the kernel's. */
export interface Backing {
  readonly name: string;
  readonly dev: string;
  readonly inode: string;
}

/** A region while it is edited. Numbers are bytes, and whole pages. */
export interface Piece extends Backing {
  start: number;
  end: number;
  perms: string;
  offset: number;
  usage: Usage | undefined;
  flags: readonly string[] | undefined;
}

export const isFile = (backing: Backing): boolean => backing.inode !== '0' && backing.inode !== '';

export const toRegion = (piece: Piece): Region => ({
  ...piece,
  kind: 'anon',
  nameBase64: undefined,
  attributes: undefined,
});

/** A sorted list of regions without overlaps, with what system calls do to it. */
export class Editor {
  pieces: Piece[];

  constructor(pieces: readonly Piece[]) {
    this.pieces = pieces.map((piece) => ({...piece}));
  }

  /** munmap(2). A part of a region keeps the region's counters: nobody adds them up here. */
  unmap(start: number, end: number): void {
    this.cut(start);
    this.cut(end);
    this.pieces = this.pieces.filter((piece) => piece.end <= start || end <= piece.start);
  }

  /** mmap(2) with MAP_FIXED. */
  map(piece: Piece): void {
    this.unmap(piece.start, piece.end);
    this.pieces.push({...piece});
    this.pieces.sort((a, b) => a.start - b.start);
  }

  /** Makes a border, as madvise(2) on a part does. */
  cut(at: number): void {
    const index = this.pieces.findIndex((piece) => piece.start < at && at < piece.end);
    const piece = this.pieces[index];
    if (!piece) return;
    const offset = isFile(piece) ? piece.offset + at - piece.start : piece.offset;
    this.pieces.splice(index, 1, {...piece, end: at}, {...piece, start: at, offset});
  }

  /** mprotect(2), rename(2), prctl(2), a page fault. */
  set(start: number, end: number, change: Partial<Piece>): void {
    this.cut(start);
    this.cut(end);
    for (const piece of this.pieces) if (start <= piece.start && piece.end <= end) Object.assign(piece, change);
  }

  /** Takes away the borders in a range that the kernel would take away. */
  merge(start: number, end: number): void {
    const merged: Piece[] = [];
    for (const piece of this.pieces) {
      const last = merged.at(-1);
      if (last && start <= piece.start && piece.start <= end && continues(last, piece)) last.end = piece.end;
      else merged.push(piece);
    }
    this.pieces = merged;
  }

  /** Takes `by` bytes of free memory above or below a region into it. */
  grow(index: number, by: number): void {
    const piece = this.pieces[index]!;
    const room =
      by > 0
        ? (this.pieces[index + 1]?.start ?? Infinity) - piece.end
        : piece.start - (this.pieces[index - 1]?.end ?? 0);
    const length = Math.min(Math.abs(by), room, by < 0 && isFile(piece) ? piece.offset : Infinity);
    if (by > 0) piece.end += length;
    else piece.start -= length;
    if (by < 0 && isFile(piece)) piece.offset -= length;
  }

  /** Puts everything from a region on elsewhere, as another run of the program would. */
  slide(index: number, by: number): void {
    for (const piece of this.pieces.slice(index)) {
      piece.start += by;
      piece.end += by;
    }
  }
}

function continues(a: Piece, b: Piece): boolean {
  const isNext = a.end === b.start && (!isFile(a) || a.offset + a.end - a.start === b.offset);
  return isNext && a.perms === b.perms && a.name === b.name && a.inode === b.inode && a.dev === b.dev;
}

export const bytes = (pages: number): number => pages * PAGE;
