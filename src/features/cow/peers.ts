import {isFileBacked, type Region} from '../../model/region.ts';
import type {PeerRow, Peers, PeersLook} from '../../procfs/cow/peers.ts';
import type {Worker} from '../../procfs/cow/lineage.ts';
import {type Cow, type CowMember, type CowRegion, kindsOf, sizeOfAll, whoIs} from './cow.ts';

/**
 * What processes have that have no parent among them: `shared` with at least one other of them, `copied` of a mapped
 * file, `own`.
 *
 * @param ms that the look took
 */
export function cowOfPeers({members, borrowed, denied}: Peers, look: PeersLook, ms: number): Cow {
  const {pageSize, rows, isExact, isCut} = look;
  const here = rows.filter(({process}) => !isCut[process]);
  const regions = regionsOf(here, members, pageSize);
  return {
    at: new Date().toISOString(),
    parent: undefined,
    members: members.flatMap((worker, number) => (isCut[number] ? [] : [memberOf(worker, number, here, pageSize)])),
    kinds: kindsOf(regions),
    regions,
    saved: (here.reduce((sum, {saved}) => sum + saved, 0) + look.saved) * pageSize,
    isExact,
    swapped: look.swapped * pageSize,
    others: [],
    borrowed,
    denied,
    origin: undefined,
    ms,
    ended: isCut.filter(Boolean).length,
    isParentCut: false,
  };
}

function memberOf(worker: Worker, number: number, rows: readonly PeerRow[], pageSize: number): CowMember {
  const its = rows.filter(({process}) => process === number);
  const sum = (of: (row: PeerRow) => number): number => its.reduce((all, row) => all + of(row), 0) * pageSize;
  return {
    ...whoIs(worker),
    shared: sum(({shared}) => shared),
    copied: sum(({copied}) => copied),
    siblings: 0,
    own: sum(({own}) => own),
  };
}

/** The same part of a file is one row, and each region of anonymous memory is one. */
function regionsOf(rows: readonly PeerRow[], members: readonly Worker[], pageSize: number): CowRegion[] {
  const found = new Map<string | Region, CowRegion>();
  for (const {process, region, shared, copied, own, saved} of rows) {
    if (shared + copied + own === 0) continue;
    const key = isFileBacked(region)
      ? `${region.dev} ${region.inode} ${region.offset} ${region.perms} ${region.kind} ${region.name}`
      : region;
    const before = found.get(key);
    const by = new Map(before?.by);
    const {pid} = members[process]!;
    if (copied > 0) by.set(pid, (by.get(pid) ?? 0) + copied * pageSize);
    found.set(key, {
      region: before?.region ?? region,
      shared: (before?.shared ?? 0) + shared * pageSize,
      copied: (before?.copied ?? 0) + copied * pageSize,
      siblings: 0,
      own: (before?.own ?? 0) + own * pageSize,
      saved: (before?.saved ?? 0) + saved * pageSize,
      by,
    });
  }
  return [...found.values()].sort((a, b) => sizeOfAll(b) - sizeOfAll(a) || a.region.start - b.region.start);
}
