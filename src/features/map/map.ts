import {address} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {sizeText} from '../../model/amounts.ts';
import {bar, ruler, type Scale, scaleFor, scaleWords} from './bar.ts';
import {type Block, mostImportant, objectBlocks, programOf, runsOfOneKind, single} from './blocks.ts';
import {barRoom, drawRows, PIPED_WIDTH, type PictureRow} from './rows.ts';
import {gapBetween, gapFacts, type Gap} from './gaps.ts';
import {packed, packedWords} from '../../text/lines.ts';
import {refuseSums} from './sums.ts';
import {blockPerms, blockTexts, roleOfWord} from './words.ts';
import {howMuch, who, type TextOptions} from '../../text/process/who.ts';
import {paint} from '../../text/theme.ts';

export interface PictureLook extends TextOptions {
  /** The number of lines that the drawing may take. */
  readonly rows?: number | undefined;
}

const MOST_ROWS = 60;

/** At most this many regions are drawn one by one. */
const FEW = 16;

/** Holes smaller than this, between libraries, say little: 1 MiB. */
const SMALL_GAP = 2 ** 20;

/**
 * The address space as a picture: high addresses at the top, as in a textbook, so that the heap grows up and the stack
 * down. A line is a region or neighbours that are one thing, and its bar is as long as the region is large.
 */
export function renderPicture(snapshot: Snapshot, look: PictureLook = {}): string {
  refuseSums(snapshot);
  const width = look.width ?? PIPED_WIDTH;
  const {blocks, gaps, hidden} = compose(snapshot, look.rows ?? MOST_ROWS);
  const scale = scaleFor(Math.max(0, ...blocks.map(({size}) => size)), barRoom(width));
  const rows = blocks.flatMap((block, index) => [blockRow(block, scale), ...gapRow(gaps[index])]);
  const titles = {ruler: ruler(scale), numbers: ['size', 'resident'], least: [1, 0], cut: ': '} as const;
  return [
    ...packedWords(who(snapshot), width).map((line) => paint('title', line)),
    ...packedWords(howMuch(snapshot), width),
    '',
    ...drawRows(rows, titles, width),
    '',
    ...packed([...shades(snapshot), '┊ nothing mapped'], width),
    ...notes(snapshot, blocks, hidden, scale).flatMap((line) => packedWords(line, width)),
    '',
  ].join('\n');
}

interface Composition {
  /** From high addresses to low ones. */
  readonly blocks: readonly Block[];
  /** What lies below each block, where it is drawn. */
  readonly gaps: ReadonlyArray<Gap | undefined>;
  /** How many gaps are not drawn. */
  readonly hidden: number;
}

/** The most detailed picture that fits. */
function compose(snapshot: Snapshot, most: number): Composition {
  const facts = gapFacts(snapshot);
  for (const {blocks, smallest, isLast} of views(snapshot)) {
    if (blocks.length > most && !isLast) continue;
    const gaps = blocks.map((block, index) => gapBetween(blocks[index - 1]?.regions.at(-1), block.regions[0]!, facts));
    const drawn = gaps.map((gap) => (gap && (gap.isNamed || gap.end - gap.start >= smallest) ? gap : undefined));
    const count = drawn.filter(Boolean).length;
    const hidden = gaps.filter(Boolean).length - count;
    if (blocks.length + count <= most || isLast) return {blocks: [...blocks].reverse(), gaps: drawn.reverse(), hidden};
  }
  return {blocks: [], gaps: [], hidden: 0};
}

interface View {
  /** Ascending. */
  readonly blocks: readonly Block[];
  /** How large an unnamed gap must be to be drawn. */
  readonly smallest: number;
  readonly isLast?: boolean;
}

/** From the finest to the coarsest, which always fits. */
function* views({regions, process}: Snapshot): Generator<View> {
  const isProgram = programOf(regions, process.exe);
  if (regions.length <= FEW) yield {blocks: regions.map(single), smallest: 0};
  const detailed = objectBlocks(regions, isProgram, isProgram);
  yield {blocks: detailed, smallest: SMALL_GAP};
  yield {blocks: runsOfOneKind(detailed, 'library'), smallest: SMALL_GAP};
  const objects = objectBlocks(regions, isProgram, () => false);
  yield {blocks: runsOfOneKind(objects, 'library'), smallest: SMALL_GAP};
  const runs = runsOfOneKind(objects);
  yield {blocks: runs, smallest: SMALL_GAP};
  for (const keep of [24, 18, 14, 11, 9, 7, 5, 3, 1])
    yield {blocks: mostImportant(runs, keep), smallest: 2 ** 30, isLast: keep === 1};
}

function blockRow(block: Block, scale: Scale): PictureRow {
  return {
    spine: '│',
    address: address(block.regions[0]!.start),
    bar: bar(scale, block),
    numbers: [sizeText(block.size), block.rss === undefined ? '' : sizeText(block.rss)],
    perms: blockPerms(block),
    word: block.word,
    texts: blockTexts(block),
    role: roleOfWord(block.word),
  };
}

export const gapRow = (gap: Gap | undefined): PictureRow[] =>
  gap ? [{spine: '┊', texts: [gap.text], role: 'quiet'}] : [];

const shades = ({totals}: Snapshot): string[] =>
  totals['rss'] === undefined
    ? ['▒ mapped; how much of it is resident is not known']
    : ['█ resident', '▌ nearly all', '░ address space only'];

function notes({regions}: Snapshot, blocks: readonly Block[], hidden: number, scale: Scale): string[] {
  const gaps = `${hidden} smaller ${hidden === 1 ? 'gap is' : 'gaps are'} not drawn`;
  const left = [
    blocks.length < regions.length ? `${regions.length} regions are drawn in ${blocks.length} lines` : '',
    hidden > 0 ? gaps : '',
  ].filter(Boolean);
  return [
    `The address is where a line begins; ${scaleWords(scale)}.`,
    ...(left.length > 0 ? [`${left.join('; ')}. Without --map each region is a row.`] : []),
  ];
}
