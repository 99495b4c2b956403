import {countText, deltaText} from '../../../model/amounts.ts';
import type {PackedChange} from '../pack.ts';
import {page, timeText} from './data.ts';
import {byId, cell, element, number} from './dom.ts';
import {follow, show} from './moment.ts';

const SIGNS: Readonly<Record<string, string>> = {
  new: '+',
  grown: '↑',
  gone: '−',
  shrunk: '↓',
  replaced: '!',
  reprotected: '~',
  renamed: '~',
  moved: '→',
  split: '÷',
  merged: '=',
  touched: '·',
  exec: '»',
  exit: '■',
  mark: '▸',
};

/** A change, or an event, as a row shows it. */
interface Row {
  readonly look: number;
  readonly change: string;
  readonly kind: string;
  readonly range: string;
  readonly size: number;
  readonly rss: number | null;
  readonly text: string;
}

const rowOfChange = ([look, change, kind, start, end, size, rss, text]: PackedChange): Row => ({
  look,
  change,
  kind: page.lists.kinds[kind]!,
  range: `${start.toString(16)}-${end.toString(16)}`,
  size,
  rss,
  text,
});

const rows: readonly Row[] = [
  ...page.events.map(({look, kind, text}) => ({look, change: kind, kind: '', range: '', size: 0, rss: null, text})),
  ...page.changes.map(rowOfChange),
].sort((a, b) => a.look - b.look);

/** This many rows are made at once; more on demand. */
const MORE = 100;

const COLUMNS: ReadonlyArray<readonly [string, ((row: Row) => number) | undefined]> = [
  ['time', (row) => row.look],
  ['change', undefined],
  ['kind', undefined],
  ['range', (row) => parseInt(row.range || '0', 16)],
  ['size', (row) => row.size],
  ['resident', (row) => row.rss ?? 0],
  ['what happened', undefined],
];

const state = {text: '', change: '', kind: '', column: 0, isDown: false, most: MORE};

/** The table of changes, with its filters and its order. */
export function startChanges(): void {
  const again = (set: () => void): void => {
    set();
    state.most = MORE;
    draw();
  };
  const search = element('input', {
    type: 'search',
    placeholder: 'Filter by text or address',
    'aria-label': 'Filter by text or address',
    oninput: () => again(() => (state.text = search.value.toLowerCase())),
  });
  const some = (pick: (row: Row) => string): string[] =>
    [...new Set(rows.map(pick))].filter((text) => text !== '').sort();
  const change = choice(
    'All changes',
    some((row) => row.change),
    (value) => again(() => (state.change = value)),
  );
  const kind = choice(
    'All kinds of memory',
    some((row) => row.kind),
    (value) => again(() => (state.kind = value)),
  );
  byId('filters').append(search, change, kind);
  byId('more').addEventListener('click', () => {
    state.most += 4 * MORE;
    draw();
  });
  draw();
  follow((look) => {
    for (const row of byId('changes-table').querySelectorAll<HTMLElement>('tbody tr'))
      row.classList.toggle('here', row.dataset['look'] === String(look));
  });
}

function choice(all: string, options: readonly string[], choose: (value: string) => void): HTMLSelectElement {
  const select = element(
    'select',
    {'aria-label': all, onchange: () => choose(select.value)},
    element('option', {value: ''}, all),
  );
  select.append(...options.map((option) => element('option', {value: option}, option)));
  return select;
}

function draw(): void {
  const {text, change, kind, column, isDown, most} = state;
  const order = COLUMNS[column]![1]!;
  const chosen = rows
    .filter((row) => (change === '' || row.change === change) && (kind === '' || row.kind === kind))
    .filter((row) => text === '' || `${row.text} ${row.range} ${row.kind} ${row.change}`.toLowerCase().includes(text))
    .sort((a, b) => (isDown ? order(b) - order(a) : order(a) - order(b)));
  byId('changes-table').replaceChildren(head(), element('tbody', {}, ...chosen.slice(0, most).map(tableRow)));
  byId('more').hidden = chosen.length <= most;
  const shown = Math.min(most, chosen.length);
  const inAll = chosen.length < rows.length ? ` that match, of ${countText(rows.length)} in all` : '';
  byId('shown').textContent =
    chosen.length === 0
      ? 'No change matches.'
      : `${countText(shown)} of ${countText(chosen.length)}${inAll}. Press a time to show that moment above.`;
}

function head(): HTMLElement {
  const cells = COLUMNS.map(([title, order], index) => {
    const isNumber = title === 'size' || title === 'resident';
    const sort = index !== state.column ? undefined : state.isDown ? 'descending' : 'ascending';
    const press = (): void => {
      state.isDown = index === state.column ? !state.isDown : isNumber;
      state.column = index;
      draw();
      byId('changes-table').querySelectorAll('th')[index]?.querySelector('button')?.focus();
    };
    const content = order ? element('button', {type: 'button', onclick: press}, title) : title;
    return element('th', {scope: 'col', class: isNumber ? 'number' : undefined, 'aria-sort': sort}, content);
  });
  return element('thead', {}, element('tr', {}, ...cells));
}

function tableRow({look, change, kind, range, size, rss, text}: Row): HTMLTableRowElement {
  const time = element(
    'button',
    {type: 'button', class: 'link', onclick: () => show(look)},
    timeText(page.times[look] ?? 0),
  );
  const amount = (bytes: number | null): HTMLTableCellElement => {
    const made = number(bytes ? deltaText(bytes) : '');
    if (bytes) made.classList.add(bytes > 0 ? 'come' : 'go');
    return made;
  };
  return element(
    'tr',
    {'data-look': look},
    cell(time),
    cell(`${SIGNS[change] ?? ''} ${change}`, 'nowrap'),
    cell(kind),
    cell(range, 'range'),
    amount(size),
    amount(rss),
    cell(text, 'text'),
  );
}
