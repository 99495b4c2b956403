import {CHANGE_KINDS, signedHex, type Change, type ChangeKind} from '../model/change.ts';
import type {Region} from '../model/region.ts';
import {distinctNames} from './picture-words.ts';
import type {DiffBlock} from './picture-diff-blocks.ts';
import {safe} from './safe.ts';

/** The kinds of change in a block, the most important first. */
export function kindsOf({changes}: DiffBlock): ChangeKind[] {
  if (changes.length < 2) return changes.map(({kind}) => kind);
  const there = new Set(changes.map(({kind}) => kind));
  return CHANGE_KINDS.filter((kind) => there.has(kind));
}

/** What happened to a block, the longest text first: the one that has room is used. */
export function diffTexts(block: DiffBlock): string[] {
  const {before, after, changes, same} = block;
  const names = distinctNames(after.length > 0 ? after : before).map((texts) => texts.at(-1)!);
  const list = names.length > 0 ? `: ${names.join(', ')}` : '';
  const others = same > 0 ? [`${same} unchanged`] : [];
  if (changes.length === 0) return [`${same} unchanged${list}`];
  const kinds = kindsOf(block).map((kind) => ({kind, those: changes.filter((change) => change.kind === kind)}));
  const full = [...kinds.map(({kind, those}) => `${count(those)}${kind}${details(those)}`), ...others].join(', ');
  const brief = [...kinds.map(({kind, those}) => `${count(those)}${kind}`), ...others].join(', ');
  const sentence = changes.length === 1 && same === 0 ? [safe(changes[0]!.text)] : [];
  return [...sentence, `${full}${list}`, `${brief}${list}`];
}

const count = (changes: readonly Change[]): string => (changes.length > 1 ? `${changes.length} ` : '');

/** Where to, or from what to what: what is the same for all of these changes, which are of one kind. */
function details(changes: readonly Change[]): string {
  const [first] = changes as [Change];
  const {kind, slide, before, after, range, from} = first;
  if (kind === 'moved' && slide !== undefined && changes.every((change) => change.slide === slide))
    return ` by ${signedHex(slide)}`;
  if (changes.length > 1) return '';
  if (kind === 'split') return ` in ${after.length}`;
  if (kind !== 'reprotected') return '';
  const was = at(before, (from ?? range).start)?.perms;
  const is = at(after, range.start)?.perms;
  return was === undefined || is === undefined ? '' : ` from ${safe(was)} to ${safe(is)}`;
}

const at = (regions: readonly Region[], place: number): Region | undefined =>
  regions.find(({start, end}) => start <= place && place < end);
