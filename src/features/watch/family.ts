import {deltaText, sizeText} from '../../model/amounts.ts';
import {kinKey, kinSum, type FamilySample, type Kin} from '../../model/kin/kin.ts';
import {familyNow, kinName} from '../../text/process/kin.ts';
import {paint} from '../../text/theme.ts';

/** The family's resident memory has a line of its own where it has moved by this much since the last one: bytes. */
const LEAST_MOVE = 2 ** 20;

/** And by this part of what it was. */
const LEAST_PART = 1 / 16;

/** What happens to a family, as lines of a log: it remembers what it has said last. */
export class FamilyLog {
  #said: number | undefined;

  /** @param time of day, which each line begins with */
  lines({family}: {readonly family?: FamilySample | undefined}, time: string): string[] {
    if (!family) return [];
    const {came, went} = family;
    const now = kinSum(family, 'rss').least;
    const before = this.#said ?? now;
    const isMoved = Math.abs(now - before) >= Math.max(LEAST_MOVE, before * LEAST_PART);
    const isNews = this.#said === undefined || came.length > 0 || went.length > 0 || isMoved;
    if (!isNews) return [];
    const moved = this.#said === undefined ? '' : ` (${deltaText(now - before)})`;
    this.#said = now;
    return [
      ...came.map((kin) => `${time}  ${paint('come', `+ process      ${cameText(kin)}`)}`),
      ...went.map((kin) => `${time}  ${paint('go', `- process      ${wentText(kin)}`)}`),
      `${time}  ${paint('title', `= family       ${familyNow(family)}${moved}`)}`,
    ];
  }
}

/** Of one that a sample saw first: `python3 (pid 4242) began, child of bash`. */
export function cameText(kin: Kin): string {
  const {tie, ppid, rss} = kin;
  const how = tie === 'child' ? `its parent is ${ppid}` : 'its parent has ended';
  return `${kinName(kin)} is new: ${how}${rss === undefined ? '' : `, ${sizeText(rss)} resident`}.`;
}

/** Of one that has ended, as far as samples saw it. */
export function wentText(kin: Kin): string {
  const {peak} = kin;
  return `${kinName(kin)} ended${peak === undefined ? '' : `: it had ${sizeText(peak)} resident at most`}.`;
}

/** Did a member come or go, or any figure of one move? A process alone is not a family: others say what it does. */
export function isOtherFamily(a: FamilySample | undefined, b: FamilySample): boolean {
  if (b.went.length > 0 || b.came.length > 0) return true;
  if (b.members.length < 2) return false;
  if (a?.members.length !== b.members.length) return true;
  return b.members.some((member, place) => !isSameKin(a.members[place]!, member));
}

const isSameKin = (a: Kin, b: Kin): boolean =>
  kinKey(a) === kinKey(b) &&
  a.rss === b.rss &&
  a.swap === b.swap &&
  a.size === b.size &&
  a.threads === b.threads &&
  a.usage === b.usage &&
  a.missing === b.missing &&
  a.comm === b.comm;
