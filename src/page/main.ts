import {startChanges} from './changes.ts';
import {page} from './data.ts';
import {byId, element} from './dom.ts';
import {drawGrowth} from './growth.ts';
import {startListing} from './listing.ts';
import {redrawChart, startMeasures} from './measures.ts';
import {redrawPicture, startPicture} from './picture.ts';
import {startPlayer} from './player.ts';
import {startTheme} from './theme.ts';

/** What happened, in words; below all else what was left out. */
function writeWords(): void {
  byId('title').textContent = page.title;
  byId('details').append(...page.details.map((detail) => element('span', {}, detail)));
  byId('summary').append(...page.summary.map((sentence) => element('p', {}, sentence)));
  byId('notes').append(...page.notes.map((note) => element('p', {class: 'note'}, note)));
}

function redraw(): void {
  redrawChart();
  redrawPicture();
  drawGrowth();
}

writeWords();
startMeasures();
startPicture();
startTheme(redraw);
startPlayer();
startListing();
startChanges();
addEventListener('resize', redraw);
