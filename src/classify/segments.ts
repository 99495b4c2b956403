import {type ElfClue, type ElfSegment, pageSizeOf} from '../model/clues/clues.ts';
import {hasNoAccess, isExecutable, isWritable, type Region} from '../model/region.ts';
import {sizeText} from '../model/amounts.ts';
import {baseName, FLAG, type Space, type Decision} from './space.ts';

/** One mapping of a whole file: its addresses are those in the file plus the bias. */
interface Image {
  readonly name: string;
  readonly clue: ElfClue;
  readonly bias: number;
}

const PF_X = 1;
const PF_W = 2;

/**
 * The parts of the executable and of each library: from the file's program headers where they were read (elf(5),
 * PT_LOAD and PT_GNU_RELRO), else from permissions and order.
 */
export function tellSegments(space: Space): void {
  const images = new Map<string, Image>();
  const {files = {}} = space.clues;
  const pageSize = pageSizeOf({clues: space.clues, table: space.regions});
  /** What the region below belongs to: its bss may follow. */
  let image: Image | undefined;
  for (const index of space.telling) {
    const region = space.at(index);
    if (space.isOpen(index)) {
      const clue = Object.hasOwn(files, region.name) ? files[region.name] : undefined;
      image = clue && imageOf(images.get(region.name), clue, region, pageSize);
      if (image) images.set(region.name, image);
      const segment = image && segmentAt(image.clue, region, pageSize, image.bias);
      space.tell(
        index,
        segment && !hasNoAccess(region) ? bySegment(image!, segment, region, pageSize) : byShape(space, index),
      );
    }
    tellBss(space, index + 1, image, pageSize);
  }
}

/** Memory without a name that touches what was just recognised, and what touches that. */
function tellBss(space: Space, first: number, image: Image | undefined, pageSize: number): void {
  for (let index = first; index < space.length; index++) {
    const region = space.at(index);
    if (region.name !== '' || !space.isOpen(index) || !space.touchesBelow(index)) return;
    const verdict = image ? bssOf(image, region, pageSize) : bssByShape(space, index);
    if (!verdict) return;
    space.tell(index, verdict);
  }
}

/** The image that this region is a part of: the file's latest one, or else a further mapping of the file. */
function imageOf(image: Image | undefined, clue: ElfClue, region: Region, pageSize: number): Image | undefined {
  if (image && (segmentAt(clue, region, pageSize, image.bias) || hasNoAccess(region))) return image;
  const segment = segmentAt(clue, region, pageSize);
  return segment && {name: region.name, clue, bias: region.start - addressIn(segment, region)};
}

/** The address that the file gives to a region's first byte, if it is a part of this segment. */
const addressIn = (segment: ElfSegment, region: Region): number => segment.address + (region.offset! - segment.offset);

/** Two segments may share a page of the file; then the bias tells which one it is, or else the permissions. */
function segmentAt(clue: ElfClue, region: Region, pageSize: number, bias?: number): ElfSegment | undefined {
  let first: ElfSegment | undefined;
  for (const segment of clue.segments) {
    const into = (region.offset ?? 0) - segment.offset;
    if (into <= -pageSize || into >= segment.fileSize) continue;
    if (bias !== undefined) {
      if (region.start - addressIn(segment, region) === bias) return segment;
    } else if (
      isExecutable(region) === ((segment.flags & PF_X) !== 0) &&
      (!isWritable(region) || (segment.flags & PF_W) !== 0)
    )
      return segment;
    else first ??= segment;
  }
  return first;
}

function bySegment({clue, bias}: Image, segment: ElfSegment, region: Region, pageSize: number): Decision {
  const number = clue.segments.indexOf(segment) + 1;
  const {flags} = segment;
  if (flags & PF_X || isExecutable(region)) return segmentVerdict('text', number, flags);
  if (!(flags & PF_W)) return segmentVerdict('rodata', number, flags);
  if (isWritable(region)) return segmentVerdict('data', number, flags);
  return isRelro(clue, region, bias, pageSize)
    ? RELRO
    : segmentVerdict('data', number, flags, ', and the program made this part read only');
}

/** The dynamic linker makes the whole pages of PT_GNU_RELRO read only, once it has filled them in. */
const isRelro = ({relro}: ElfClue, region: Region, bias: number, pageSize: number): boolean =>
  relro !== undefined && region.start - bias >= relro.start - pageSize && region.end - bias < relro.end + pageSize;

const flagsText = (flags: number): string =>
  [flags & 4 && 'R', flags & PF_W && 'W', flags & PF_X && 'E'].filter(Boolean).join(' ');

/** Most files are alike, so they share verdicts: one object for each segment number, flags and remark. */
const VERDICTS = new Map<number, Decision>();

function segmentVerdict(kind: 'text' | 'rodata' | 'data', number: number, flags: number, remark = ''): Decision {
  const key =
    ((number * 8 + (flags & 7)) * 3 + (kind === 'text' ? 0 : kind === 'rodata' ? 1 : 2)) * 2 + (remark ? 1 : 0);
  let verdict = VERDICTS.get(key);
  if (!verdict) {
    verdict = {kind, evidence: `segment ${number} of the file is ${flagsText(flags)} (PT_LOAD)${remark}`};
    VERDICTS.set(key, verdict);
  }
  return verdict;
}

const RELRO: Decision = {kind: 'relro', evidence: 'PT_GNU_RELRO of the file covers it, and it is read only'};
const GAP: Decision = {
  kind: 'reserved',
  evidence: 'no access: the dynamic linker keeps this gap between two segments of the file',
};

/**
 * Without headers. RELRO was split off a writable segment: VM_ACCOUNT stays, and the file continues after it, writable.
 */
function byShape(space: Space, index: number): Decision {
  const region = space.at(index);
  if (isExecutable(region)) return space.impliesExec ? TEXT_OR_OTHER : TEXT;
  if (isWritable(region)) return DATA;
  if (hasNoAccess(region)) return GAP;
  if (space.has(index, FLAG.ac)) return RELRO_BY_FLAG;
  if (isCutOff(space, index)) return RELRO_BY_SHAPE;
  return isBetweenTextAndData(space, index) ? RODATA_OR_RELRO : RODATA;
}

/** Below it is rodata, or a gap; rodata would be one region with it if they had been one segment. */
function isCutOff(space: Space, index: number): boolean {
  const [below, region, above] = [space.below(index), space.at(index), space.above(index)];
  if (below?.end !== region.start || below.name !== region.name || isExecutable(below)) return false;
  return above?.start === region.end && above.name === region.name && isWritable(above) && isBehind(above, region);
}

/** Above it is data; below it text, or, where no offsets are known, anything of the file. */
function isBetweenTextAndData(space: Space, index: number): boolean {
  const [below, region, above] = [space.below(index), space.at(index), space.above(index)];
  if (below?.name !== region.name || above?.name !== region.name || !isWritable(above)) return false;
  return isExecutable(below) || region.offset === undefined;
}

const isBehind = (next: Region, region: Region): boolean =>
  next.offset !== undefined && region.offset !== undefined && next.offset - region.offset === region.end - region.start;

const TEXT: Decision = {kind: 'text', evidence: 'a part of a file that may be executed'};
/** LLVM's linker puts relro there, GNU's rodata. */
const RODATA_OR_RELRO: Decision = {
  kind: 'rodata',
  evidence: 'a part of a program file between its text and its data, read only: constants, or relro',
  confidence: 'guess',
};
const TEXT_OR_OTHER: Decision = {
  kind: 'text',
  evidence: 'a part of a program file; all memory of this process may be executed, so that says little',
  confidence: 'guess',
};
const RODATA: Decision = {kind: 'rodata', evidence: 'a part of a program file that may only be read'};
const DATA: Decision = {kind: 'data', evidence: 'a part of a program file that may be written'};
const RELRO_BY_FLAG: Decision = {
  kind: 'relro',
  evidence: 'read only now, and VmFlags has ac: it was writable before',
  confidence: 'guess',
};
const RELRO_BY_SHAPE: Decision = {
  kind: 'relro',
  evidence: 'read only, and the file continues after it, writable',
  confidence: 'guess',
};

/** What a segment takes in memory beyond its bytes in the file is zeros: p_memsz above p_filesz. */
function bssOf({clue, bias, name}: Image, region: Region, pageSize: number): Decision | undefined {
  for (const segment of clue.segments) {
    const begin = pageUp(bias + segment.address + segment.fileSize, pageSize);
    const end = pageUp(bias + segment.address + segment.memorySize, pageSize);
    if (region.start < begin || region.start >= end || hasNoAccess(region)) continue;
    if (!isWritable(region) && isRelro(clue, region, bias, pageSize))
      return {...RELRO, label: `relro of ${baseName(name)}`};
    const which = `segment ${clue.segments.indexOf(segment) + 1} of ${baseName(name)}`;
    const evidence = `${which} takes ${sizeText(end - begin)} more in memory than in the file`;
    const beyond = region.end > end ? `; the last ${sizeText(region.end - end)} is other memory, merged with it` : '';
    return {kind: 'bss', evidence: evidence + beyond, label: `bss of ${baseName(name)}`};
  }
  return undefined;
}

const pageUp = (address: number, pageSize: number): number => Math.ceil(address / pageSize) * pageSize;

function bssByShape(space: Space, index: number): Decision | undefined {
  const below = space.at(index - 1);
  if (space.kindAt(index - 1) !== 'data' || !isWritable(space.at(index))) return undefined;
  return {
    kind: 'bss',
    evidence: `touches the data of ${baseName(below.name)}`,
    label: `bss of ${baseName(below.name)}`,
    confidence: 'guess',
  };
}
