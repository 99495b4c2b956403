import {counted, deltaText, sizeText} from '../../../../model/amounts.ts';
import type {PackedGrower} from '../../pack.ts';
import {colourOf, styleColour, swatch} from '../colours.ts';
import {duration, page, timeText} from '../data.ts';
import {byId, cell, element, headRow, number} from '../dom.ts';
import {show} from '../moment.ts';

/** What grew, as a table: all memory, the kinds, and the regions that grew most. */
export function drawGrowth(): void {
  const what = page.measure === 'rss' ? 'Resident memory' : 'Address space, since resident memory was not read';
  byId('growth-words').textContent =
    `${what}: of everything, of the kinds that changed, and of the groups of regions and the regions that grew ` +
    `most. The verdict is that of memmap growth. The slope is the typical growth: the median of the slopes ` +
    `between all pairs of ` +
    `moments (Theil–Sen), so that one jump does not determine it.`;
  const rows = page.growers.map(rowOf);
  const titles = ['what', 'over time', '>first', '>last', '>change', '>most seen', 'verdict', '>slope', '>first seen'];
  byId('growers').replaceChildren(headRow(titles), element('tbody', {}, ...rows));
}

function rowOf(grower: PackedGrower): HTMLTableRowElement {
  const {what, kind, name, count, range, first, peak, last, from, slope, verdict} = grower;
  const title = cell(what === 'region' || what === 'group' ? name || `unnamed, ${kind}` : name, 'text');
  if (what === 'group') title.append(element('br'), element('small', {}, counted(count ?? 0, 'region')));
  if (what !== 'total') title.prepend(swatch(kind));
  if (range !== '') title.append(element('br'), element('small', {}, range));
  const change = number(last === first ? '0' : deltaText(last - first));
  change.classList.add(last > first ? 'come' : 'go');
  const when = element(
    'button',
    {type: 'button', class: 'link', onclick: () => show(from)},
    timeText(page.times[from] ?? 0),
  );
  const rate =
    slope === null
      ? 'too few values'
      : Math.abs(slope) < 512
        ? '0'
        : `${deltaText(Math.round(slope / 1024) * 1024)}/min`;
  return element(
    'tr',
    {class: what === 'total' ? 'total' : undefined},
    title,
    cell(spark(grower)),
    number(sizeText(first)),
    number(sizeText(last)),
    change,
    number(sizeText(peak)),
    cell(verdict, 'nowrap'),
    number(rate),
    cell(when, 'number'),
  );
}

const [WIDTH, HEIGHT] = [120, 24];

/** A small chart of values over the whole time, from 0 to their highest. */
function spark({kind, points, peak}: PackedGrower): SVGSVGElement {
  const make = <Tag extends 'svg' | 'path'>(
    tag: Tag,
    attributes: Record<string, string>,
  ): SVGElementTagNameMap[Tag] => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  // The whole is known from status at each sample.
  const isCounter = page.measure === 'rss' && kind !== '';
  const x = (time: number): string => ((time / duration) * WIDTH).toFixed(1);
  let path = '';
  let before = 0;
  for (let at = 0; at < points.length; at += 2) {
    const y = (HEIGHT - 2 - (points[at + 1]! / (peak || 1)) * (HEIGHT - 4)).toFixed(1);
    const ms = page.times[points[at]!] ?? 0;
    const isBroken = isCounter && page.unread.some(([from, to]) => before <= from && to <= ms);
    // A reading that stands alone is a short line.
    path += path === '' || isBroken ? `M${x(ms)} ${y}h0.8` : `H${x(ms)}V${y}`;
    before = ms;
  }
  const svg = make('svg', {class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true'});
  const stroke = kind === '' ? styleColour('--ink') : colourOf(kind);
  const end = isCounter ? page.knownUntil : duration;
  svg.append(make('path', {d: `${path}H${x(end)}`, fill: 'none', stroke, 'stroke-width': '1.8'}));
  return svg;
}
