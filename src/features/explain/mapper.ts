import {hex, rangeText} from '../../model/region.ts';
import {linesOf} from '../../recording/lines.ts';
import {openSource} from '../../recording/source.ts';
import {pathOf} from '../cause/fold.ts';
import {readMapper, type SavedMapper} from '../cause/saved.ts';

/** Who mapped an address, where a recording has its calls. */
export type MapperFacts = SavedMapper | 'nobody';

/**
 * Who mapped an address of a recording?
 *
 * @param until ISO 8601, the moment
 * @returns undefined where it was recorded without --cause
 * @throws Trouble `input`
 */
export function mapperAt(path: string, address: number, until: string): MapperFacts | undefined {
  const source = openSource(path);
  try {
    return readMapper(contents(source), {address, until, name: path});
  } finally {
    source.close();
  }
}

function* contents(source: ReturnType<typeof openSource>): Generator<Uint8Array> {
  for (const {bytes} of linesOf(source)) yield bytes;
}

export function mapperText(mapper: MapperFacts): string {
  if (mapper === 'nobody')
    return 'No call of those that were recorded: it was there before, or the kernel mapped it (execve, its stack).';
  const {name, tid, at, range, stack} = mapper;
  const path = stack ? pathOf(stack, name, 'own') : [];
  const from = path.length > 0 ? `: ${path.join(' ← ')}` : '';
  return `${name} of thread ${tid}, at ${at}, with ${rangeText(range)}${from}`;
}

export const mapperJSON = (mapper: MapperFacts): object | null =>
  mapper === 'nobody'
    ? null
    : {
        name: mapper.name,
        tid: mapper.tid,
        at: mapper.at,
        range: {start: hex(mapper.range.start), end: hex(mapper.range.end)},
        functions: mapper.stack ? pathOf(mapper.stack, mapper.name, 'all') : [],
      };
