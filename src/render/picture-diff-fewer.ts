import {isOneThing, wordOfKinds} from './picture-blocks.ts';
import {amountOfChange, joinedDiff, type DiffBlock} from './picture-diff-blocks.ts';
import {kindsOf} from './picture-diff-words.ts';
import {ANOTHER_AREA, groupsBy} from './picture-fewer.ts';

/**
 * The same blocks in fewer lines, from the finest view to the coarsest. What is unchanged is always one line, and so are
 * the segments of a library to which the same happened; then what moved as one; then neighbours to which the same happened;
 * at last only the largest changes stay, with all between two of them as one.
 */
export function* fewerDiffBlocks(blocks: readonly DiffBlock[]): Generator<{blocks: DiffBlock[]; isLast: boolean}> {
  const objects = joinedBy(blocks, whatHappened, areOneThing);
  yield {blocks: objects, isLast: false};
  const slides = joinedBy(
    objects,
    (block) => slideOf(block) ?? `${whatHappened(block)} ${wordOfKinds(regionsOf(block))}`,
  );
  yield {blocks: slides, isLast: false};
  const alike = joinedBy(slides, whatHappened);
  yield {blocks: alike, isLast: false};
  const largest = [...alike].sort((a, b) => amountOfChange(b) - amountOfChange(a));
  for (const keep of [24, 18, 14, 11, 9, 7, 5, 3, 1]) {
    const kept = new Set(largest.slice(0, keep));
    const isRest = (block: DiffBlock): boolean => !kept.has(block);
    const areRest = (last: DiffBlock, next: DiffBlock): boolean =>
      isRest(last) && isRest(next) && (isNear(last, next) || keep < AREAS_MATTER);
    yield {blocks: groupsBy(alike, areRest).map(joinedDiff), isLast: keep === 1};
  }
}

/** Joins neighbours of one area that have the same key and are `together`. */
function joinedBy(
  blocks: readonly DiffBlock[],
  keyOf: (block: DiffBlock) => string,
  together = (_last: DiffBlock, _next: DiffBlock): boolean => true,
): DiffBlock[] {
  const keys = new Map(blocks.map((block) => [block, keyOf(block)]));
  return groupsBy(
    blocks,
    (last, next) => keys.get(last) === keys.get(next) && isNear(last, next) && together(last, next),
  ).map(joinedDiff);
}

const isNear = (last: DiffBlock, next: DiffBlock): boolean =>
  regionsOf(next)[0]!.start - regionsOf(last).at(-1)!.end < ANOTHER_AREA;

/** With so few changes kept, what is far apart is one line too. */
const AREAS_MATTER = 5;

const areOneThing = (last: DiffBlock, next: DiffBlock): boolean =>
  last.changes.length === 0 || isOneThing(regionsOf(last), regionsOf(next)[0]!);

const whatHappened = (block: DiffBlock): string => kindsOf(block).join();

/** By how much all of it moved, and nothing else. */
function slideOf({changes}: DiffBlock): string | undefined {
  const [first] = changes;
  const isOne = changes.every(({kind, slide}) => kind === 'moved' && slide === first!.slide);
  return first && isOne ? String(first.slide) : undefined;
}

const regionsOf = ({before, after}: DiffBlock) => (after.length > 0 ? after : before);
