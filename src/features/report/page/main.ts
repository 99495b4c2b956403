import {startChanges} from './changes.ts';
import {page, timeText} from './data.ts';
import {byId, element} from './dom.ts';
import {drawFamily} from './family.ts';
import {drawFlame, startFlame} from './flame/flame.ts';
import {drawGrowth} from './chart/growth.ts';
import {columnsIn} from './layout.ts';
import {startListing} from './listing.ts';
import {redrawChart, startMeasures} from './chart/measures.ts';
import {show} from './moment.ts';
import {redrawPicture, startPicture} from './picture/picture.ts';
import {startPlayer} from './player.ts';
import {startTheme} from './theme.ts';

/** What happened, in words; at the bottom of the page, what was left out. */
function writeWords(): void {
  byId('title').textContent = page.title;
  byId('details').append(...page.details.map((detail) => element('span', {}, detail)));
  byId('summary').append(...page.summary.map((sentence) => element('p', {}, sentence)));
  byId('summary').append(eventList());
  byId('notes').append(...page.notes.map((note) => element('p', {class: 'note'}, note)));
}

/** At most this many events are listed above; the table of changes has all. */
const MOST_EVENTS = 12;

function eventList(): HTMLElement {
  const items = page.events.slice(0, MOST_EVENTS).map(({look, text}) => {
    const time = timeText(page.times[look] ?? 0);
    const jump = element('button', {type: 'button', class: 'link', onclick: () => show(look)}, time);
    return element('li', {}, jump, text);
  });
  const more = page.events.length - items.length;
  if (more > 0) items.push(element('li', {}, `… and ${more} more, in the table of changes`));
  return element('ul', {class: 'events', 'aria-label': 'Events'}, ...items);
}

/** The player's slider is aligned with the times of the chart and the picture. */
function alignPlayer(): void {
  const {left: edge, width} = byId('chart').getBoundingClientRect();
  const {left, middle} = columnsIn(width);
  const player = byId('player');
  player.style.paddingLeft = `${edge}px`;
  // The middle of a slider's knob goes from half its width to half its width before the end.
  player.style.gridTemplateColumns = `${left - KNOB / 2}px ${middle + KNOB}px 1fr`;
}

const KNOB = 16;

function redraw(): void {
  alignPlayer();
  redrawChart();
  redrawPicture();
  drawFamily();
  drawGrowth();
  drawFlame();
}

writeWords();
startMeasures();
startPicture();
startFlame();
startTheme(redraw);
startPlayer();
startListing();
startChanges();
addEventListener('resize', redraw);
