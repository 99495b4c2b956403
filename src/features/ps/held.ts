import {counted, sizeText} from '../../model/amounts.ts';
import {heldByAll} from '../../model/host/processes.ts';
import {gpuText, heldText} from '../../text/process/held.ts';
import type {Listed} from './ps.ts';

/** What the descriptors of the processes hold together, and how much of that is known. */
export function heldNotes({host, options, unattached}: Listed): string[] {
  const {rows} = host;
  const held = heldByAll(rows);
  if (!held) return ['What descriptors hold is not known: /proc/PID/fd of none of these processes may be read.'];
  const isAll = options.targets.length === 0 && options.filter === undefined && host.hidden === 0 && !host.isHiding;
  const nobody = !held.isMappingKnown
    ? 'none of these processes is known to map'
    : isAll
      ? 'no process maps'
      : rows.length === 1
        ? 'this process does not map'
        : 'none of these processes maps';
  const gpu = gpuText(held.gpu);
  const unknown = rows.filter(({holds}) => !holds).length;
  const cut = rows.filter(({holds}) => holds && holds.descriptors.looked < (holds.descriptors.open ?? Infinity)).length;
  return [
    held.unmapped > 0
      ? `Held by descriptors: ${held.isComplete ? '' : 'at least '}${heldText(held.files.values())} that ${nobody}.` +
        (held.isMappingKnown ? ' PSS and resident memory leave that out.' : '')
      : `No memory ${held.isComplete ? 'is' : 'was found that is'} held by descriptors alone.`,
    ...(gpu === '' ? [] : [`GPU memory, resident as its drivers say, each client once: ${gpu}.`]),
    ...(unattached && unattached.bytes > 0
      ? [
          `Shared memory of SysV that no process has attached: ${sizeText(unattached.bytes)} in ` +
            `${counted(unattached.segments, 'segment')} (ipcs -m).`,
        ]
      : []),
    ...(unknown > 0
      ? [
          `What the descriptors of ${counted(unknown, 'process', 'processes')} hold is not known: not permitted, or ` +
            `no time.`,
        ]
      : []),
    ...(host.heldEarlier > 0
      ? [
          `What ${counted(host.heldEarlier, 'process holds', 'processes hold')} is of an earlier sample: there is no ` +
            `time to ask all in each.`,
        ]
      : []),
    ...(cut > 0
      ? [`Not all descriptors of ${counted(cut, 'process', 'processes')} were looked at: there are too many.`]
      : []),
  ];
}
