import {setTimeout as sleep} from 'node:timers/promises';
import type {ProcessPages} from '../../model/pages.ts';
import {Trouble} from '../../model/trouble.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import {capturePages} from '../../procfs/pages/pages.ts';
import {clearSoftDirty, OwnTrial, requireSoftDirty} from '../../procfs/pages/soft-dirty.ts';
import {chooseRegions, type Wish} from '../../input/regions.ts';
import {resolveTarget} from '../../input/target.ts';

interface LookOptions extends Wish {
  readonly root: string;
  /** ms */
  readonly maxStall: number;
  /** Clear the soft-dirty marks, and look again after so many ms. */
  readonly dirtySince?: number | undefined;
}

/** A process's pages, now or as they were written to from now on. */
export async function lookAtPages(target: string, options: LookOptions): Promise<ProcessPages> {
  const {root, maxStall, dirtySince: ms} = options;
  const handle = new ProcessHandle(processOf(target, root), root);
  const look = {maxStall, choose: (snapshot: ProcessPages['snapshot']) => chooseRegions(snapshot, options)};
  try {
    if (ms === undefined) return capturePages(handle, look);
    requireSoftDirty(new OwnTrial(root));
    clearSoftDirty(handle, maxStall);
    const clearedAt = new Date().toISOString();
    await sleep(ms);
    return capturePages(handle, {...look, dirtySince: {clearedAt, ms}});
  } finally {
    handle.close();
  }
}

/** @throws Trouble `usage` for a file: a listing has regions, and no pages */
function processOf(text: string, root: string): number {
  const target = resolveTarget(text, root);
  if (target.is === 'process') return target.pid;
  throw new Trouble({
    kind: 'usage',
    what: `"${text}" has no pages to look at.`,
    why: 'a saved listing has regions; which of their pages are there only the kernel knows, while the process lives.',
    next: `Give the PID of a process, or see the regions: memmap show ${text}`,
  });
}
