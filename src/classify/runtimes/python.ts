import {isExecutable, isPrivate, isWritable, sizeOf} from '../../model/region.ts';
import {baseName, FLAG, type Space, type Decision} from '../space.ts';

const KIB = 1024;

/**
 * Python's allocator of objects up to 512 bytes, obmalloc, maps arenas of one size: 256 KiB, and 1 MiB since 3.10 in
 * 64-bit programs (Objects/obmalloc.c, ARENA_BITS). The kernel merges neighbours, so that a region that is a multiple
 * of this is some of them; where something else of another size is in it too, it is not recognised. malloc's own large
 * blocks are never so, since each has a header.
 */
export function tellPython(space: Space): void {
  const version = pythonIn(space.names);
  if (!version || version.isFreeThreaded) return;
  const arena = arenaSize(version);
  const verdict: Decision = {
    kind: 'arena',
    label: PYTHONS,
    evidence:
      `its program has Python ${version.major}.${version.minor}, which maps arenas of ${arena / KIB} KiB for its ` +
      'objects, and the size is a multiple of that',
    confidence: 'guess',
  };
  for (let index = 0; index < space.length; index++) {
    if (!space.isOpen(index) || space.has(index, FLAG.nr) || space.has(index, FLAG.dc)) continue;
    const region = space.at(index);
    if (region.name !== '' || sizeOf(region) % arena !== 0) continue;
    if (isWritable(region) && isPrivate(region) && !isExecutable(region)) space.tell(index, verdict);
  }
}

/** The label of what obmalloc has. */
export const PYTHONS = "Python's objects (obmalloc)";

export interface PythonVersion {
  readonly major: number;
  readonly minor: number;
  /** Built without a global lock (PEP 703): its objects are in a mimalloc of its own, and there is no obmalloc. */
  readonly isFreeThreaded: boolean;
}

const PYTHON = /^(?:lib)?python(\d)\.(\d+)(\w*)(?:\.so[.\d]*)?$/;

/** The version of the Python that is mapped, by the name of the program or of its library; undefined without. */
export function pythonIn(names: Iterable<string>): PythonVersion | undefined {
  for (const name of names) {
    const [, major, minor, flags = ''] = PYTHON.exec(baseName(name)) ?? [];
    if (major === undefined || minor === undefined) continue;
    return {major: Number(major), minor: Number(minor), isFreeThreaded: flags.includes('t')};
  }
  return undefined;
}

/** Bytes of an arena of a 64-bit Python. */
export const arenaSize = (version: Release): number => (isRadix(version) ? 1024 * KIB : 256 * KIB);

/** Bytes of a pool, of which an arena is made: each has blocks of one size. */
export const poolSize = (version: Release): number => (isRadix(version) ? 16 * KIB : 4 * KIB);

type Release = Pick<PythonVersion, 'major' | 'minor'>;

/** Since 3.10 a radix tree knows the arenas, which are larger therefore (WITH_PYMALLOC_RADIX_TREE). */
const isRadix = ({major, minor}: Release): boolean => major > 3 || (major === 3 && minor >= 10);

/** Was obmalloc of this version compared with what Python itself says of it (sys._debugmallocstats)? */
export const isKnownPython = ({major, minor}: Release): boolean => major === 3 && minor >= 6 && minor <= 13;
