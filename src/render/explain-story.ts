import {amountOf, type Measure} from '../explain/costs.ts';
import {called} from '../explain/region.ts';
import type {Story} from '../explain/story.ts';
import {rangeText} from '../model/region.ts';
import {sizeText} from '../model/size.ts';
import type {Snapshot} from '../model/snapshot.ts';
import type {Totals} from '../model/totals.ts';
import {heading, indented, item, paragraph, proseWidth} from './explain-wrap.ts';
import {cells, safe} from './safe.ts';
import {who} from './snapshot.ts';
import {renderTable, type Cell, type Column} from './table.ts';
import {paint} from './theme.ts';

/** The story of an address space: about a page. */
export function renderStory(snapshot: Snapshot, story: Story, width?: number): string {
  return [
    heading(who(snapshot), width),
    '',
    ...story.amounts.flatMap((text) => paragraph(text, width)),
    ...section(heading('From low to high addresses', width), layoutLines(story, width)),
    ...section(heading(COSTS[story.costs.by], width), costLines(story, width)),
    ...section(heading('Unusual', width), unusualLines(story, width)),
    ...section(
      heading('Not known', width),
      story.missing.flatMap((text) => item(text, width)),
    ),
    heading('Go on with'),
    ...stepLines(story, width),
    '',
  ].join('\n');
}

const COSTS: Readonly<Record<Measure, string>> = {
  pss: 'What takes the most, by its fair share of RAM (PSS)',
  rss: 'What takes the most RAM, shared pages in full (RSS)',
  size: 'What takes the most address space, which is not memory',
};

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [title, ...lines, ''];

/** The kernel's pages lie at both ends; of the others the range is said. */
const layoutLines = (story: Story, width: number | undefined): string[] =>
  story.layout.flatMap(({area, title, start, end, text}) => [
    area === 'kernel' ? paint('heap', title) : `${paint('heap', title)}  ${paint('quiet', rangeText({start, end}))}`,
    ...indented(text, width),
  ]);

/** Narrower terminals have no room for private dirty beside a name. */
const NARROW = 60;

function costLines({costs}: Story, width: number | undefined): string[] {
  const hasDirty = costs.by !== 'size' && (width ?? NARROW) >= NARROW;
  const columns: Column[] = [
    {title: ''},
    {title: costs.by === 'size' ? 'size' : costs.by.toUpperCase(), align: 'right'},
    ...(hasDirty ? [{title: 'private dirty', align: 'right'} as const] : []),
    {title: '', gives: true},
  ];
  const rows = (label: string, of: ReadonlyArray<readonly [string, Partial<Totals>]>): Cell[][] =>
    of.map(([text, totals], index) => [
      {text: index === 0 ? label : '', role: 'quiet'},
      {text: sizeText(totals[costs.by] ?? 0)},
      ...(hasDirty ? [{text: sizeText(totals['privateDirty'] ?? 0)}] : []),
      {text: safe(text)},
    ]);
  const all = [
    ...rows('kind', costs.kinds.map(({what, totals}) => [`${what}, ${regionsText(totals.regions)}`, totals])),
    ...rows('file', costs.files.map(({what, totals}) => [what, totals])),
    ...rows('region', costs.regions.map((region) => [`0x${region.start.toString(16)} ${called(region)}`, {...region.usage, [costs.by]: amountOf(region, costs.by)}])),
  ]; // prettier-ignore
  return all.length === 0 ? [] : renderTable(columns, all, width);
}

const regionsText = (count: number): string => `${count} ${count === 1 ? 'region' : 'regions'}`;

function unusualLines({unusual, lookedFor}: Story, width: number | undefined): string[] {
  if (lookedFor === '') return [];
  if (unusual.length === 0) return item(`Nothing. Looked for: ${lookedFor}.`, width);
  return unusual.flatMap(({text}) => item(text, width));
}

/** Command and reason beside each other if they fit, else below. */
function stepLines({next}: Story, width: number | undefined): string[] {
  const widest = Math.max(...next.map(({command}) => cells(safe(command))));
  const fits = next.every(({why}) => 2 + widest + 2 + cells(why) <= proseWidth(width));
  if (!fits) return next.flatMap(({command, why}) => [...item(command, width), ...indented(why, width)]);
  return next.map(({command, why}) => `  ${safe(command)}${' '.repeat(widest - cells(safe(command)))}  ${why}`);
}
