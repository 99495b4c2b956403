import {childrenIn} from '../../../procfs/kin/family.ts';
import {hasMemory, isOneMemory, readMember} from '../../../procfs/kin/member.ts';

/**
 * Processes and their descendants, parents before their children, each once. A child that runs in its parent's memory
 * (vfork(2)) has no heap of its own, and is left out.
 */
export function withDescendants(pids: readonly number[], root: string): readonly number[] {
  const childrenOf = childrenIn(root);
  const found = new Set<number>();
  const visit = (pid: number): void => {
    if (found.has(pid)) return;
    found.add(pid);
    for (const child of childrenOf(pid)) if (!isBorrowed(child, pid, root)) visit(child);
  };
  for (const pid of pids) visit(pid);
  return [...found];
}

function isBorrowed(child: number, parent: number, root: string): boolean {
  const [a, b] = [readMember(child, root), readMember(parent, root)];
  return typeof a === 'object' && typeof b === 'object' && hasMemory(a) && isOneMemory(a, b);
}
