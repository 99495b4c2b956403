import {sizeText} from '../../../../model/amounts.ts';
import type {PackedStay} from '../../pack.ts';
import {endOf, looks, page, timeText} from '../data.ts';
import {byId, element} from '../dom.ts';
import {residentAt} from './places.ts';

/** Says beside the pointer what it points to. */
export function showTip(stay: PackedStay, look: number, {clientX, clientY}: PointerEvent): void {
  const [start, end, kind, perms, name, from, to] = stay;
  const {kinds, perms: allPerms, names} = page.lists;
  const resident = residentAt(stay, look);
  const tip = byId('tip');
  const since = from === 0 ? 'from the beginning' : `from ${timeText(page.times[from]!)}`;
  const until = to >= looks ? 'to the end' : `to ${timeText(endOf(to))}`;
  tip.replaceChildren(
    element('p', {}, element('b', {}, names[name] || kinds[kind]!)),
    element('p', {}, `${start.toString(16)}-${end.toString(16)}  ${allPerms[perms]!}`),
    element(
      'p',
      {},
      `${kinds[kind]!}, ${sizeText(end - start)}${resident === undefined ? '' : `, ${sizeText(resident)} resident`}`,
    ),
    element('p', {}, `like this ${since} ${until}`),
  );
  tip.hidden = false;
  const {width, height} = tip.getBoundingClientRect();
  tip.style.left = `${Math.min(clientX + 14, innerWidth - width - 8)}px`;
  tip.style.top = `${Math.max(8, Math.min(clientY + 14, innerHeight - height - 8))}px`;
}

export const hideTip = (): void => {
  byId('tip').hidden = true;
};
