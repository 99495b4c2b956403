import type {AuxiliaryVector} from '../../model/clues/clues.ts';
import type {Region} from '../../model/region.ts';
import type {CoreFile, CoreSegment} from './core.ts';
import type {MappedFile} from './notes.ts';

/** A part of memory of which the same is known throughout. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly segment: CoreSegment | undefined;
  readonly file: MappedFile | undefined;
}

/**
 * The regions of a core: what its program headers say of memory, and NT_FILE of files. The kernel has one of each for a
 * region; others leave memory out, or take regions together, which are then cut at the borders of the files in them.
 *
 * @returns ascending, without overlaps, not classified
 */
export function regionsOf({segments, files, auxv = {}, isOfGdb}: RegionParts): Region[] {
  const writer = {knowsFiles: files !== undefined, isOfGdb};
  return piecesOf(segments, files ?? []).map((piece) => regionOf(piece, writer, auxv));
}

type RegionParts = Pick<CoreFile, 'segments' | 'files' | 'auxv' | 'isOfGdb'>;

/** What the writer of a core tells, and what it doesn't. */
interface Writer {
  readonly knowsFiles: boolean;
  /** BFD marks all memory as readable, guards and execute-only code too: its R alone says nothing. */
  readonly isOfGdb: boolean;
}

function piecesOf(segments: readonly CoreSegment[], files: readonly MappedFile[]): Piece[] {
  const borders = new Set<number>();
  for (const {start, end} of segments) borders.add(start).add(end);
  for (const {start, end} of files) borders.add(start).add(end);
  const bounds = Float64Array.from(borders).sort();
  const pieces: Piece[] = [];
  const [segmentAt, fileAt] = [finder(segments), finder(files)];
  for (let index = 0; index + 1 < bounds.length; index++) {
    const [start, end] = [bounds[index]!, bounds[index + 1]!];
    const [segment, file] = [segmentAt(start), fileAt(start)];
    if (!segment && !file) continue;
    pieces.push({start, end, segment, file});
  }
  return pieces;
}

/** Finds what lies at ascending addresses; of what overlaps, the one that begins first. */
function finder<Range extends {readonly start: number; readonly end: number}>(
  ranges: readonly Range[],
): (address: number) => Range | undefined {
  let index = 0;
  return (address) => {
    while (index < ranges.length && ranges[index]!.end <= address) index++;
    const range = ranges[index];
    return range && range.start <= address ? range : undefined;
  };
}

/**
 * What a core doesn't say is left open: devices, inode numbers, and whether a file was mapped to be shared. Where there
 * is a list of files, other memory has none, and is private: shared memory is a file to the kernel.
 */
function regionOf({start, end, segment, file}: Piece, {knowsFiles, isOfGdb}: Writer, auxv: AuxiliaryVector): Region {
  const isOwn = file === undefined && knowsFiles;
  const isCommon = file !== undefined && SHARED.test(file.name);
  const sharing = isOwn ? 'p' : isCommon ? 's' : '-';
  const dumped = segment ? Math.max(0, Math.min(end, segment.start + segment.dumped) - start) : 0;
  return {
    start,
    end,
    perms: segment && !(isOfGdb && segment.access === 'r--') ? `${segment.access}${sharing}` : '????',
    offset: file ? file.offset + (start - file.start) : isOwn ? 0 : undefined,
    dev: '',
    inode: '',
    name: file?.name ?? nameOf(start, end, auxv),
    nameBase64: file?.base64,
    kind: 'anon',
    label: undefined,
    evidence: undefined,
    confidence: undefined,
    usage: {dumped},
    flags: undefined,
    attributes: undefined,
  };
}

/** What the kernel calls MAP_SHARED|MAP_ANONYMOUS and SysV segments. */
const SHARED = /^\/(?:SYSV[0-9a-f]{8}|dev\/zero) \(deleted\)$/;

/**
 * The auxiliary vector points to two regions that the kernel names in maps: arch_vma_name(), and
 * vma_is_initial_stack().
 */
function nameOf(start: number, end: number, {vdso, execfn}: AuxiliaryVector): string {
  if (vdso === start) return '[vdso]';
  return execfn !== undefined && execfn >= start && execfn < end ? '[stack]' : '';
}
