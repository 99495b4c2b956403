import {findGroupMeasure, GROUP_MEASURES, type GroupMeasure} from '../../model/group/sample.ts';
import {Trouble} from '../../model/trouble.ts';
import {nearest} from '../../text/nearest.ts';
import {unknownName} from '../../text/measures.ts';

/** The measure of a group that a text names. @throws Trouble `usage` */
export function parseGroupMeasure(text: string): GroupMeasure {
  const measure = findGroupMeasure(text);
  if (measure !== undefined) return measure;
  throw unknownName(text, 'measure of a group', nearest(text, [...GROUP_MEASURES]), GROUP_MEASURES);
}

/** Flags that are about regions or one process. @throws Trouble `usage` if one of them was given */
export function refuseWithGroup(flags: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const isGiven = (name: string): boolean => flags[name] !== undefined && flags[name] !== false;
  const given = names.find(isGiven);
  if (given === undefined) return;
  throw new Trouble({
    kind: 'usage',
    what: `--${given} does not apply to a group.`,
    why: 'it is about one process, or the regions of one.',
    next: 'Leave it out, or give one of the processes of the group.',
  });
}
