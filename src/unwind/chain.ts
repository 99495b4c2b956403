import {isCaller, type Site, type Sites} from './sites.ts';
import type {Space} from './space.ts';
import type {Stack} from './stack.ts';
import type {Walk} from './walk.ts';

/**
 * Goes on with the chain that the kernel found by frame pointers, where a walk ended early: it crosses what the copy of
 * the stack is too short for. Of a frame that keeps a frame pointer the chain has the caller; of another one it hasn't,
 * and continues with a caller of the caller. So it is followed from the outermost frame while each keeps one, and only
 * where it agrees with all that the walk found.
 *
 * @param chain of user space: pc first, then return addresses
 */
export function extend(
  sites: Sites,
  space: Space,
  walk: Walk,
  {chain, most}: {readonly chain: readonly number[]; readonly most: number},
): Stack {
  const found = [...walk.sites];
  let end: Stack['end'] = walk.end;
  for (let link = linkAfter(walk, chain); link < chain.length; link++) {
    if (found.length >= most) {
      end = 'limit';
      break;
    }
    const site = canFollow(found.at(-1)!) ? sites.at(space, chain[link]!, true) : undefined;
    if (!site || !isCaller(site)) break;
    found.push(site);
    if (site.isStart || endsHere(site)) {
      end = 'root';
      break;
    }
  }
  if (found.length === walk.sites.length) return walk;
  return {frames: found.map(({frame}) => frame), end, how: walk.how === 'frame-pointer' ? walk.how : 'mixed'};
}

/** Which of the chain is the caller of the outermost frame; its end where chain and walk disagree. */
function linkAfter({sites}: Walk, chain: readonly number[]): number {
  if (sites.length === 0 || chain[0] !== sites[0]!.frame.pc) return chain.length;
  let link = 1;
  for (let frame = 0; frame < sites.length - 1; frame++) {
    if (!sites[frame]!.keepsPointer) continue;
    if (chain[link] !== sites[frame + 1]!.frame.pc) return chain.length;
    link++;
  }
  return link;
}

/** Across a change of the stack it is: the frame pointer stays that of the caller, whose record has its own caller. */
const canFollow = ({keepsPointer, frame}: Site): boolean => keepsPointer || frame.isSwitch;

const endsHere = ({row}: Site): boolean => row?.rules.get(row.returnColumn)?.kind === 'undefined';
