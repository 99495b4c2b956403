import {sizeText} from '../../../model/amounts.ts';
import type {ReportFamily} from '../family.ts';
import {styleColour} from './colours.ts';
import {duration, page, timeText} from './data.ts';
import {byId, cell, element, headRow, number} from './dom.ts';

const [WIDTH, HEIGHT, EDGE] = [960, 220, 4];
const SPACE = 'http://www.w3.org/2000/svg';

/** Lines that can be distinguished; further members are in the table alone. */
const COLOURS = ['#c8553d', '#3b6ea8', '#3f8f5f', '#dba53f', '#7b5ea7', '#2a9d9d', '#85725d', '#e58f65'];

/** The process and its descendants: resident memory of all and of the largest, as lines; and each in a table. */
export function drawFamily(): void {
  const {family} = page;
  if (!family) return;
  byId('family').hidden = false;
  const {processes, seen, members} = family;
  byId('family-words').textContent =
    `Resident memory of all processes together, a page that several share counted for each (black); their PSS, ` +
    `where it is known of all (dashed); and of the largest alone. ${processes} processes at most` +
    `${seen > processes ? `, ${seen} in all` : ''}.`;
  byId('family-chart').replaceChildren(chart(family));
  const titles = [
    'process',
    '>pid',
    '>resident, most',
    '>PSS, most',
    '>private dirty, most',
    '>first seen',
    '>last seen',
  ];
  const rows = members.map(({comm, pid, rss, pss, privateDirty, from, to}, place) => {
    const name = cell(comm, 'text');
    name.prepend(square(COLOURS[place]));
    return element(
      'tr',
      {},
      name,
      number(String(pid)),
      ...[rss, pss, privateDirty].map((bytes) => number(bytes === null ? '' : sizeText(bytes))),
      number(timeText(from)),
      number(timeText(to)),
    );
  });
  byId('family-members').replaceChildren(headRow(titles), element('tbody', {}, ...rows));
}

function square(colour: string | undefined): HTMLElement {
  const made = element('span', {class: 'swatch'});
  made.style.background = colour ?? 'transparent';
  return made;
}

function chart({rss, pss, members}: ReportFamily): SVGSVGElement {
  const most = rss.reduce<number>((high, value, at) => (at % 2 === 1 ? Math.max(high, value ?? 0) : high), 1);
  const svg = make('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', class: 'family'});
  svg.setAttribute('aria-label', `Resident memory of the family: at most ${sizeText(most)}`);
  const draw = (line: ReportFamily['rss'], stroke: string, width: string, dash = 'none'): void =>
    svg.append(
      make('path', {d: pathOf(line, most), fill: 'none', stroke, 'stroke-width': width, 'stroke-dasharray': dash}),
    );
  for (const [place, {line}] of members.entries()) if (COLOURS[place]) draw(line, COLOURS[place], '1.5');
  draw(pss, styleColour('--soft'), '1.5', '6 4');
  draw(rss, styleColour('--ink'), '2');
  const label = make('text', {x: '0', y: '14', 'font-size': '13', fill: styleColour('--soft')});
  label.textContent = sizeText(most);
  svg.append(label);
  return svg;
}

/** Steps, as samples are: an amount holds until the next one; a gap where it isn't known. */
function pathOf(line: ReportFamily['rss'], most: number): string {
  let path = '';
  let isDown = false;
  for (let at = 0; at < line.length; at += 2) {
    const [t, value] = [line[at]!, line[at + 1] ?? null];
    const x = ((t / duration) * WIDTH).toFixed(1);
    if (isDown) path += `H${x}`;
    if (value !== null) {
      const y = (HEIGHT - EDGE - (value / most) * (HEIGHT - 5 * EDGE)).toFixed(1);
      path += isDown ? `V${y}` : `M${x} ${y}`;
    }
    isDown = value !== null;
  }
  return path;
}

function make<Tag extends 'svg' | 'path' | 'text'>(
  tag: Tag,
  attributes: Record<string, string>,
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
