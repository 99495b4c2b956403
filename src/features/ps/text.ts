import {counted, countText, sizeText, spanText} from '../../model/amounts.ts';
import {type ProcessRow, sumOf} from '../../model/host/processes.ts';
import {wrapped} from '../../text/lines.ts';
import {lateText, renderProcesses, unreadText} from '../../text/process/processes.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {heldNotes} from './held.ts';
import type {Listed} from './ps.ts';

/** The listing for people: the table, and below it what a reader must know of it. */
export function renderPs(listed: Listed, look: TextOptions = {}): string {
  const {rows, options, host} = listed;
  const sentences = [...sharingText(listed), ...notesOf(listed), costText(listed)];
  return [
    ...(rows.length === 0
      ? [host.rows.length === 0 ? 'No process matches.' : 'Nothing is as large as --min-size.']
      : renderProcesses(rows, {group: options.by, width: look.width, now: host.now})),
    '',
    ...sentences.flatMap((sentence) => wrapped(sentence, look.width)),
    '',
  ].join('\n');
}

function sharingText({rows}: Listed): string[] {
  if (rows.length < 2) return [];
  const all = rows.flatMap((row) => ('members' in row ? row.members : [row]));
  const {pss, rss} = sumOf(all.filter(({unread}) => !unread));
  if (pss === undefined || rss === undefined || rss - pss < 1024) return [];
  return [
    `PSS adds up: a page counts once, whoever shares it. Resident memory counts it once for each process: ` +
      `${sizeText(rss - pss)} more.`,
  ];
}

/** What is not in the table, or can't be seen from it: a sentence each. In the JSON document they are its `notes`. */
export function notesOf(listed: Listed): string[] {
  const {host, options, small, unread, isContinued} = listed;
  const hidden = host.isHiding
    ? ['/proc is mounted with hidepid: processes of other users may not be listed.']
    : host.hidden > 0
      ? [`Nothing may be seen of ${counted(host.hidden, 'more process', 'more processes')}.`]
      : [];
  return [
    ...(small.length === 0 ? [] : [smallText(small)]),
    ...unreadText(unread, options, host.denied),
    ...lateText(host.rows, host.now),
    ...(isContinued ? ['The next memmap ps reads them first, and shows what this one read, with its age.'] : []),
    ...hidden,
    ...(host.ended === 0
      ? []
      : [
          `${counted(host.ended, 'process', 'processes')} ended meanwhile, and ` +
            `${host.ended === 1 ? 'is' : 'are'} left out.`,
        ]),
    ...(options.held ? heldNotes(listed) : []),
    ...manyRegions(host.rows, host.maxMapCount),
    ...observerText(host.rows),
  ];
}

/** Of those that were not read RSS is below it, and so is PSS. */
function smallText(small: readonly ProcessRow[]): string {
  const {pss, rss} = sumOf(small);
  const isPart = small.some(({unread}) => unread);
  const amount =
    pss === undefined
      ? `PSS not read, resident ${sizeText(rss ?? 0)}`
      : `PSS ${isPart ? 'at least ' : ''}${sizeText(pss)}`;
  return `${counted(small.length, 'process', 'processes')} below --min-size: ${amount}.`;
}

/** The part of vm.max_map_count from which a number of regions is named. */
const MANY = 0.8;

function manyRegions(rows: readonly ProcessRow[], most: number | undefined): string[] {
  if (most === undefined) return [];
  return rows
    .filter(({regions}) => (regions ?? 0) >= MANY * most)
    .map(
      ({pid, name, regions}) =>
        `${safe(name)} (pid ${pid}) has ${countText(regions!)} regions of the ${countText(most)} that it may have ` +
        `(vm.max_map_count).`,
    );
}

/** A difference that is smaller than this part of the PSS is not named. */
const CLOSE = 0.005;

function observerText(rows: readonly ProcessRow[]): string[] {
  const doubtful = rows.filter(({pss, observed}) => observed && observed.most - (pss ?? 0) > CLOSE * observed.most);
  if (doubtful.length > 0) {
    const more = doubtful.reduce((sum, {pss, observed}) => sum + observed!.most - (pss ?? 0), 0);
    return [
      `memmap itself maps pages of ` +
        `${counted(doubtful.length, 'of these processes', 'of these processes')} (the program ` +
        `of Node, libraries): without memmap their PSS is up to ${sizeText(more)} higher. As root memmap can tell.`,
    ];
  }
  const changed = rows.filter(({pss, observed}) => observed && (pss ?? 0) - observed.kernel > CLOSE * (pss ?? 0));
  if (changed.length === 0) return [];
  const more = changed.reduce((sum, {pss, observed}) => sum + (pss ?? 0) - observed!.kernel, 0);
  return [
    `PSS leaves out memmap, which maps pages of ${counted(changed.length, 'process', 'processes')} while it runs: ` +
      `the kernel's own figure is ${sizeText(more)} lower.`,
  ];
}

function costText({host, options}: Listed): string {
  const {read, stallMs, longestMs, ms} = host;
  const held =
    read === 0
      ? 'nobody was held up.'
      : `that held up processes for ${shortText(stallMs)} in all (--budget: ${shortText(options.budget)}), and ` +
        `none for more than ${shortText(longestMs)}.`;
  return (
    `Read ${countText(read)} of ${counted(host.rows.length, 'process', 'processes')} in ${shortText(ms)}: ${held} ` +
    `memmap itself is left out.`
  );
}

const shortText = (ms: number): string =>
  ms >= 1000 ? spanText(ms) : `${ms < 10 ? ms.toFixed(1).replace(/\.0$/, '') : Math.round(ms)} ms`;
