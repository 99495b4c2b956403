import {sizeText} from '../../model/amounts.ts';
import {
  type Bill,
  billOf,
  type Group,
  type GroupName,
  PART_KEYS,
  pssShmemOf,
  tightest,
} from '../../model/group/group.ts';
import {type ProcessRow, rowJSON, type Unread, unreadOf} from '../../model/host/processes.ts';
import {isInGroup} from '../../parse/proc/cgroup.ts';
import {findGroup, readGroup} from '../../procfs/host/group.ts';
import {DEFAULT_BUDGET, type HostLimits} from '../../procfs/host/reader.ts';
import {type Host, lookAtHost} from '../../procfs/host/host.ts';
import {withProgress} from '../../shell/output.ts';

/** What a group is charged for, and who is in it. */
export interface GroupBill extends Bill {
  readonly at: string;
  readonly group: Group;
  /** By PSS, the largest first. */
  readonly members: readonly ProcessRow[];
  readonly host: Host;
  readonly limits: HostLimits;
  readonly unread: Partial<Record<Unread, number>>;
}

/**
 * Reads the members of a group, one after the other, and then its bill.
 *
 * @throws Trouble `gone` if there is no such group, or no longer; `usage` if the name means several; `input` where its
 *   memory isn't counted
 */
export function lookAtGroup(name: GroupName, root: string, maxStall: number): GroupBill {
  const found = findGroup(name, root);
  // Says at once what can't be had, before processes are read.
  readGroup(found);
  const limits = {maxStall, budget: DEFAULT_BUDGET};
  const host = lookAtHost({
    root,
    ...limits,
    wants: ({cgroup}) => cgroup !== undefined && isInGroup(cgroup, found.path),
    along: (what, items) => withProgress(what, items, items.length),
  });
  const group = readGroup(found);
  const members = host.rows.toSorted((a, b) => (b.pss ?? b.rss ?? 0) - (a.pss ?? a.rss ?? 0));
  const unread = unreadOf(members);
  return {
    at: new Date().toISOString(),
    group,
    ...billOf(group, pssShmemOf(members)),
    members,
    host,
    limits,
    unread,
  };
}

/** The document `memmap.group/1`. @param notes a sentence each */
export function groupJSON(bill: GroupBill, notes: readonly string[]): object {
  const {at, group, parts, residue, members, host, doubt} = bill;
  const {kind, id, path, version, usage, limit, high, peak, swap, swapLimit, limits, events, pressure} = group;
  const binding = tightest(limits);
  return {
    schema: 'memmap.group/1',
    at,
    group: {kind, id, path, version},
    usage,
    limit: limit ?? null,
    high: high ?? null,
    swap: swap ?? null,
    swapLimit: swapLimit ?? null,
    peak: peak ?? null,
    headroom: binding ? {left: binding.left, path: binding.limit.path, limit: binding.limit.limit} : null,
    parts: Object.fromEntries(PART_KEYS.map((key) => [key, parts[key] ?? null])),
    residue,
    doubt,
    members: members.map((row) => rowJSON(row, host.now)),
    events: Object.fromEntries(
      (['low', 'high', 'max', 'oom', 'oomKill'] as const).map((key) => [key, events[key] ?? null]),
    ),
    pressure: pressure ?? null,
    budget: {stallMs: Math.round(host.stallMs * 10) / 10, read: host.read, unread: bill.unread},
    notes,
  };
}

/** What of a bill a reader must know and can't see: a sentence each. */
export function groupNotes({group, doubt, parts}: GroupBill): string[] {
  return [
    ...(doubt > 0
      ? [
          `Mapped files are counted together with mapped shared memory, and the PSS of not all members is known: up ` +
            `to ${sizeText(doubt)} more of them may be mapped.`,
        ]
      : []),
    ...(group.version === 1 && group.kernel === undefined
      ? ['The usage of the root cgroup leaves kernel memory out: it is the page cache and the anonymous memory of all.']
      : []),
    ...(parts.shmem === undefined && parts.unmappedCache !== undefined
      ? ['This kernel does not count shared memory apart: it is in the page cache.']
      : []),
  ];
}
