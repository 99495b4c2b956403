import {chooseRegions, type Choice} from '../model/choose.ts';
import {counted} from '../model/size.ts';
import {residueOf} from '../model/residue.ts';
import {roomJSON} from '../model/room-json.ts';
import type {Snapshot} from '../model/snapshot.ts';

/**
 * The document of `show --json`: a snapshot, what its totals leave out, and the room it has. If regions were chosen, it has
 * those alone, their totals, and a note; the residue and the room are the whole process's all the same.
 */
export function showJSON(snapshot: Snapshot, choice: Choice): Record<string, unknown> {
  return {...chosen(snapshot, choice).document(), residue: residueOf(snapshot), room: roomJSON(snapshot)};
}

function chosen(snapshot: Snapshot, choice: Choice): Snapshot {
  const regions = chooseRegions(snapshot.regions, choice);
  if (regions === snapshot.regions) return snapshot;
  const note = `Chosen: ${regions.length} of ${counted(snapshot.regions.length, 'region')}; totals are of these.`;
  return snapshot.withRegions(regions, note);
}
