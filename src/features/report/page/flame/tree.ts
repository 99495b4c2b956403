import {FLAME_MEASURES, type FlameMeasure} from '../../../cause/measures.ts';
import type {PackedCauses} from '../../pack.ts';

/** A function, as it was called from those above it. */
export interface FlameNode {
  readonly name: string;
  readonly parent: FlameNode | undefined;
  /** Its own, and those of the functions that it called, the largest first. */
  readonly children: FlameNode[];
  bytes: number;
}

/** The stacks as a tree, by one measure. @returns its root, which stands for all */
export function flameTree({names, stacks}: PackedCauses, measure: FlameMeasure): FlameNode {
  const root: FlameNode = {name: 'all', parent: undefined, children: [], bytes: 0};
  const known = new Map<FlameNode, Map<number, FlameNode>>();
  for (const [path, ...amounts] of stacks) {
    const bytes = amounts[FLAME_MEASURES.indexOf(measure)]!;
    if (bytes === 0) continue;
    let node = root;
    root.bytes += bytes;
    for (const place of path) {
      const children = known.get(node) ?? new Map<number, FlameNode>();
      known.set(node, children);
      let child = children.get(place);
      if (!child) {
        child = {name: names[place]!, parent: node, children: [], bytes: 0};
        children.set(place, child);
        node.children.push(child);
      }
      child.bytes += bytes;
      node = child;
    }
  }
  const sort = (node: FlameNode): void => {
    node.children.sort((a, b) => b.bytes - a.bytes);
    node.children.forEach(sort);
  };
  sort(root);
  return root;
}

/** Where a node is drawn: from the left, in shares of the whole width; and in which row. */
export interface FlameBox {
  readonly node: FlameNode;
  readonly from: number;
  readonly width: number;
  readonly row: number;
}

/**
 * Where everything is when one node is as wide as the picture: those that led to it above it, and what it called below.
 *
 * @param least boxes that are narrower are left out
 */
export function flameBoxes(focus: FlameNode, least: number): FlameBox[] {
  const above: FlameNode[] = [];
  for (let node = focus.parent; node; node = node.parent) above.unshift(node);
  const boxes: FlameBox[] = above.map((node, row) => ({node, from: 0, width: 1, row}));
  const put = (node: FlameNode, from: number, row: number): void => {
    const width = node.bytes / Math.max(1, focus.bytes);
    if (width < least) return;
    boxes.push({node, from, width, row});
    let at = from;
    for (const child of node.children) {
      put(child, at, row + 1);
      at += child.bytes / Math.max(1, focus.bytes);
    }
  };
  put(focus, 0, above.length);
  return boxes;
}
