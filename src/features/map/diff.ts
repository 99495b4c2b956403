import {safe} from '../../text/safe.ts';
import type {Diff} from '../../diff/diff.ts';
import {address, type Region} from '../../model/region.ts';
import {deltaText, sizeText} from '../../model/amounts.ts';
import {noChange, roleOf, signOf} from '../../text/changes.ts';
import {barOfBoth, ruler, type Scale, scaleFor, scaleWords} from './bar.ts';
import {programOf, wordOfKinds, type IsProgram} from './blocks.ts';
import {amountOf, type DiffBlock, diffBlocks, diffTexts, fewerDiffBlocks, kindsOf} from './diff-blocks.ts';
import {barRoom, drawRows, PIPED_WIDTH, type PictureRow} from './rows.ts';
import {gapBetween, gapFacts, type GapFacts} from './gaps.ts';
import {packed, packedWords} from '../../text/lines.ts';
import {gapRow, type PictureLook} from './map.ts';
import {refuseSums} from './sums.ts';
import {who} from '../../text/process/who.ts';

const MOST_ROWS = 60;

/** Between what changed, only holes of at least this size are drawn: 1 GiB. */
const SMALL_GAP = 2 ** 30;

/**
 * What changed, as one picture of both sides: a bar is what is there before and after, with what was added as `+` and
 * what was removed as `-`. What is unchanged is one line, however much it is.
 */
export function renderDiffPicture(diff: Diff, look: PictureLook = {}): string {
  refuseSums(diff.after);
  const {before, after, match, why, unchanged} = diff;
  if (diff.changes.length === 0) return noChange(unchanged);
  const width = look.width ?? PIPED_WIDTH;
  const most = look.rows ?? MOST_ROWS;
  const all = diffBlocks(diff);
  const facts = gapFacts(after);
  const programs = [before, after].map(({regions, process}) => programOf(regions, process.exe));
  const isProgram: IsProgram = (region) => programs.some((is) => is(region));
  let rows: PictureRow[] = [];
  let scale: Scale = scaleFor(0, 1);
  for (const {blocks, isLast} of fewerDiffBlocks(all)) {
    if (blocks.length > most && !isLast) continue;
    scale = scaleFor(largest(blocks), barRoom(width * 0.8));
    rows = rowsOf(blocks, facts, scale, isProgram);
    if (rows.length <= most) break;
  }
  const titles = {ruler: ruler(scale), numbers: ['size', 'change', 'resident'], least: [0, 2, 1], cut: ', '} as const;
  return [
    ...[`before  ${who(before)}`, `after   ${who(after)}`, `match   ${match}: ${safe(why)}`].flatMap((line) =>
      packedWords(line, width),
    ),
    '',
    ...drawRows(rows, titles, width),
    '',
    ...packed([...shades(diff), '+ added', '- removed', '┊ nothing mapped'], width),
    ...notes(diff, scale).flatMap((line) => packedWords(line, width)),
    '',
  ].join('\n');
}

const largest = (blocks: readonly DiffBlock[]): number =>
  blocks.reduce(
    (most, {before, after, changes}) =>
      changes.length === 0 ? most : Math.max(most, amountOf(before).size, amountOf(after).size),
    0,
  );

/** From high addresses to low ones, with the gaps between. */
function rowsOf(blocks: readonly DiffBlock[], facts: GapFacts, scale: Scale, isProgram: IsProgram): PictureRow[] {
  const rows: PictureRow[] = [];
  let below: DiffBlock | undefined;
  for (const block of blocks) {
    const [first] = block.after;
    if (below && first) {
      const gap = gapBetween(highest(below.after), first, facts);
      const isNews = block.changes.length > 0 || below.changes.length > 0;
      const isDrawn = gap && (gap.end - gap.start >= SMALL_GAP || (gap.isNamed && isNews));
      rows.push(...gapRow(isDrawn ? gap : undefined));
    }
    rows.push(block.changes.length === 0 ? sameRow(block) : changedRow(block, scale, isProgram));
    if (first) below = block;
  }
  return rows.reverse();
}

const highest = (regions: readonly Region[]): Region =>
  regions.reduce((most, region) => (region.end > most.end ? region : most));

const sameRow = (block: DiffBlock): PictureRow => ({
  spine: '│',
  address: address(block.after[0]!.start),
  texts: diffTexts(block),
  role: 'quiet',
});

function changedRow(block: DiffBlock, scale: Scale, isProgram: IsProgram): PictureRow {
  const {before, after, changes} = block;
  const [a, b] = [amountOf(before), amountOf(after)];
  const regions = after.length > 0 ? after : before;
  const change = changes.reduce((sum, {delta}) => sum + delta.size, 0);
  const rss = changes.reduce((sum, {delta}) => sum + (delta['rss'] ?? 0), 0);
  const [kind] = kindsOf(block);
  return {
    spine: '│',
    sign: signOf(kind!),
    address: address(regions[0]!.start),
    bar: barOfBoth(scale, a, b),
    numbers: [
      after.length > 0 ? sizeText(b.size) : '',
      change === 0 ? '' : deltaText(change),
      rss === 0 ? '' : deltaText(rss),
    ],
    word: wordFor(regions, isProgram),
    texts: diffTexts(block),
    role: roleOf(kind!),
  };
}

/** The program, a library, or what all of it is. */
function wordFor(regions: readonly Region[], isProgram: IsProgram): string {
  const files = new Set(regions.filter(({kind}) => kind !== 'bss').map(({name}) => name));
  const hasCode = regions.some(({kind}) => kind === 'text');
  if (regions.length === 1 || files.size !== 1 || !hasCode) return wordOfKinds(regions);
  return regions.some(isProgram) ? 'program' : 'library';
}

const shades = ({delta}: Diff): string[] =>
  delta['rss'] === undefined
    ? ['▒ there before and after']
    : ['█ resident', '▓ became resident', '▒ no longer resident', '░ address space only'];

const notes = ({unchanged}: Diff, scale: Scale): string[] => [
  `Addresses are those after the change; of what is gone, those before it; ${scaleWords(scale)}.`,
  `${unchanged} ${unchanged === 1 ? 'region' : 'regions'} unchanged. Without --map each change is a row.`,
];
