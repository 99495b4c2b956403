import {Regions} from '../model/columns/regions.ts';
import {Trouble} from '../model/trouble.ts';
import {parseListing} from '../parse/reader.ts';
import {folderOf} from './capture.ts';
import type {ProcessHandle} from './handle.ts';
import {processTrouble} from './trouble.ts';

/** The regions of a process as maps has them now, without what they are for; none if it has ended. @throws Trouble */
export function regionsNow(handle: ProcessHandle): Regions {
  try {
    const maps = handle.open(`${folderOf(handle, handle.stat())}maps`);
    try {
      return parseListing(maps.read(), 'proc', 'later').table;
    } finally {
      maps.close();
    }
  } catch (error) {
    const trouble = error instanceof Trouble ? error : processTrouble(handle.pid, error, handle.root);
    if (trouble.kind === 'gone') return new Regions(0);
    throw trouble;
  }
}
