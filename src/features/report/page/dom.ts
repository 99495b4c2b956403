/** What an element may be given: attributes by their names, and `on…` for what happens to it. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>;

/** Makes an element. Text becomes text and never markup: a name from outside stays plain characters. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value as (event: Event) => void);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}

/** An element of the template. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return found;
}

export const cell = (text: string | Node, kind = ''): HTMLTableCellElement =>
  element('td', {class: kind || undefined}, text);

export const number = (text: string): HTMLTableCellElement => cell(text, 'number');

/** The first row of a table; a title that begins with `>` is above numbers. */
export const headRow = (titles: readonly string[]): HTMLTableSectionElement =>
  element(
    'thead',
    {},
    element(
      'tr',
      {},
      ...titles.map((title) =>
        title.startsWith('>')
          ? element('th', {scope: 'col', class: 'number'}, title.slice(1))
          : element('th', {scope: 'col'}, title),
      ),
    ),
  );
