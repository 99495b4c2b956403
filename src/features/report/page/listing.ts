import {sizeText} from '../../../model/amounts.ts';
import type {PackedStay} from '../pack.ts';
import {swatch} from './colours.ts';
import {page} from './data.ts';
import {byId, cell, element, headRow, number} from './dom.ts';
import {current, follow} from './moment.ts';
import {residentAt} from './picture/places.ts';

/** A longer table slows the browser down. */
const MOST = 500;

/**
 * The address space at the moment as a table: the picture for those who read rather than look. It is made when it is
 * opened.
 */
export function startListing(): void {
  const details = byId('listing') as HTMLDetailsElement;
  const redraw = (look: number): void => {
    if (details.open) details.querySelector('table')!.replaceChildren(...tableAt(look));
  };
  details.addEventListener('toggle', () => redraw(current()));
  follow(redraw);
}

function tableAt(look: number): HTMLElement[] {
  const stays = page.strips
    .flatMap(({parts}) => parts.flatMap(([, , all]) => all))
    .filter((stay) => stay[5] <= look && look < stay[6])
    .sort((a, b) => a[0] - b[0]);
  const rows = stays.slice(0, MOST).map((stay) => rowOf(stay, look));
  if (stays.length > MOST) rows.push(element('tr', {}, cell(`… and ${stays.length - MOST} more`)));
  return [headRow(['range', '>size', 'perms', '>resident', 'kind', 'name']), element('tbody', {}, ...rows)];
}

function rowOf(stay: PackedStay, look: number): HTMLTableRowElement {
  const [start, end, kind, perms, name] = stay;
  const resident = residentAt(stay, look);
  const word = page.lists.kinds[kind]!;
  const kindCell = cell(word, 'nowrap');
  kindCell.prepend(swatch(word));
  return element(
    'tr',
    {},
    cell(`${start.toString(16).padStart(8, '0')}-${end.toString(16).padStart(8, '0')}`, 'range'),
    number(sizeText(end - start)),
    cell(page.lists.perms[perms]!, 'range'),
    number(resident === undefined ? '' : sizeText(resident)),
    kindCell,
    cell(page.lists.names[name]!, 'text'),
  );
}
