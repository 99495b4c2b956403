import {counted, countText, sizeText} from '../../model/amounts.ts';
import {type Group, PART_KEYS, tightest} from '../../model/group/group.ts';
import {GROUP_WORDS} from '../../model/group/sample.ts';
import {sumOf} from '../../model/host/processes.ts';
import {wrapped} from '../../text/lines.ts';
import {renderProcesses, unreadText} from '../../text/process/processes.ts';
import {safe} from '../../text/safe.ts';
import {type Cell, type Column, renderTable} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {type GroupBill, groupNotes} from './group.ts';

const COLUMNS: readonly Column[] = [
  {title: 'what'},
  {title: 'charged', align: 'right'},
  {title: 'share', align: 'right'},
];

interface GroupLook extends TextOptions {
  /** At most this many members get a row of their own; undefined: all. */
  readonly rows?: number | undefined;
}

/** The bill of a group, its limits and what happened at them, and its processes. */
export function renderGroup(bill: GroupBill, look: GroupLook = {}): string {
  const {group, members, host, limits, unread} = bill;
  const sentences = [
    ...membersText(bill),
    ...limitText(group),
    ...swapText(group),
    ...eventsText(group),
    ...pressureText(group),
    ...groupNotes(bill),
  ];
  return [
    ...wrapped(titleOf(bill), look.width).map((line) => paint('title', line)),
    '',
    ...renderTable(COLUMNS, partRows(bill), look.width),
    '',
    ...sentences.flatMap((sentence) => wrapped(sentence, look.width)),
    ...(members.length === 0 ? [] : ['', ...renderProcesses(members, {width: look.width, most: look.rows})]),
    '',
    ...unreadText(unread, limits, host.denied).flatMap((sentence) => wrapped(sentence, look.width)),
    ...(Object.keys(unread).length > 0 ? [''] : []),
  ].join('\n');
}

function titleOf({group, members}: GroupBill): string {
  const {kind, id, path, version} = group;
  const name = kind === 'cgroup' ? '' : `${kind} ${safe(id)}, `;
  return `${name}cgroup ${safe(path)} (version ${version}): ${counted(members.length, 'process', 'processes')}`;
}

function partRows({group, parts, residue}: GroupBill): Cell[][] {
  const row = (words: string, bytes: number | undefined, role?: Cell['role']): Cell[] => [
    {text: words, role},
    {text: bytes === undefined ? 'not told' : sizeText(bytes), role},
    {text: bytes === undefined || group.usage === 0 ? '' : `${Math.round((100 * bytes) / group.usage)} %`, role},
  ];
  // What one version of cgroups never tells apart is in `other`.
  const shown = PART_KEYS.filter((key) => parts[key] !== undefined || (group.version === 2 && key !== 'other'));
  return [
    ...shown.map((key) => row(GROUP_WORDS[key], parts[key])),
    row('residue (counted at another moment)', residue, 'quiet'),
    row('usage', group.usage, 'title'),
  ];
}

function membersText({group, members, parts}: GroupBill): string[] {
  const {pss} = sumOf(members);
  if (pss === undefined) return members.length === 0 ? ['No process is in it: what is charged stayed behind.'] : [];
  const isLow = members.some(({unread}) => unread);
  const {unmappedCache = 0} = parts;
  const share = group.usage === 0 ? '' : `, ${Math.round((100 * unmappedCache) / group.usage)} % of the usage`;
  const cache =
    unmappedCache === 0
      ? ''
      : ` Page cache that no process maps (${sizeText(unmappedCache)}${share}) can be taken back when memory runs ` +
        `short, dirty pages once they are written.`;
  return [`The PSS of its processes adds up to ${isLow ? 'at least ' : ''}${sizeText(pss)}.${cache}`];
}

function limitText({limits, path, peak, high, version}: Group): string[] {
  const binding = tightest(limits);
  const highest = peak === undefined ? '' : ` Its highest usage was ${sizeText(peak)}.`;
  const slowed = typeof high === 'number' ? ` Above memory.high = ${sizeText(high)} it is slowed down.` : '';
  if (!binding) return [`No limit is set${version === 2 ? ' (memory.max)' : ''}.${slowed}${highest}`];
  const {limit, left} = binding;
  const whose = limit.path === path ? '' : ` of ${safe(limit.path)}`;
  return [`${sizeText(left)} left: ${limit.file}${whose} = ${sizeText(limit.limit)}.${slowed}${highest}`];
}

function swapText({swap, swapLimit}: Group): string[] {
  if (swap === undefined || (swap === 0 && typeof swapLimit !== 'number')) return [];
  return [
    `Swapped out: ${sizeText(swap)}${typeof swapLimit === 'number' ? ` of at most ${sizeText(swapLimit)}` : ''}.`,
  ];
}

const times = (count: number): string => (count === 1 ? 'once' : `${countText(count)} times`);

function eventsText({events}: Group): string[] {
  const {max, high, oom, oomKill} = events;
  const said = [
    max ? `It was at its limit ${times(max)}.` : '',
    high ? `It was above memory.high ${times(high)}.` : '',
    oom ? `It ran out of memory ${times(oom)}.` : '',
    oomKill ? `The kernel killed ${counted(oomKill, 'process', 'processes')} for it (OOM).` : '',
  ].filter(Boolean);
  if (said.length > 0) return [said.join(' ')];
  return max === 0 && oomKill === 0 ? ['It was never at its limit, and no process was killed for it.'] : [];
}

function pressureText({pressure}: Group): string[] {
  if (!pressure) return [];
  const {some, full} = pressure;
  const all = full ? `, all of it waited ${full.avg60} %` : '';
  return [`Pressure: over the last minute some task waited for memory ${some.avg60} % of the time${all}.`];
}
