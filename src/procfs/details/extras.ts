import {type Clues, USUAL_PAGE} from '../../model/clues/clues.ts';
import {parseKsmStat} from '../../parse/proc/ksm-stat.ts';
import {readDescriptors} from './descriptors.ts';
import type {ProcessHandle} from '../handle.ts';
import {recordIfThere} from '../open.ts';

/**
 * What is read once, when somebody looks at one moment, and not in each sample. It holds up nobody, and takes memmap
 * half a second at most. What may not be read is absent.
 *
 * @param folder '' or `task/TID/`
 * @param pageSize bytes, as far as it is known
 */
export function readExtras(
  handle: ProcessHandle,
  folder: string,
  pageSize = USUAL_PAGE,
): Pick<Clues, 'descriptors' | 'ksm'> {
  const descriptors = readDescriptors({path: (file) => handle.path(`${folder}${file}`)});
  // Only the process itself has this file, its threads have not.
  const ksm = parseKsmStat(recordIfThere(handle.path('ksm_stat')) ?? new Uint8Array(), pageSize);
  return {...(descriptors && {descriptors}), ...(ksm && {ksm})};
}
