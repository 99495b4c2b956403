import type {Change} from '../model/change.ts';
import {rangeText, sizeOf, type Region} from '../model/region.ts';
import {sizeText} from '../model/size.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {changeLine, roleOf, signOf} from './change.ts';
import {safe, shorten} from './safe.ts';
import {who} from './snapshot.ts';
import {renderTable, type Cell, type Column} from './table.ts';
import {paint} from './theme.ts';
import {statusWords} from './watch.ts';

export interface FrameState {
  readonly snapshot: Snapshot;
  readonly status: Readonly<Record<string, unknown>>;
  /** What happened so far, the newest last. */
  readonly events: readonly FrameEvent[];
  readonly tick: number;
  /** Said in the last line. */
  readonly footer: string;
}

export interface FrameEvent {
  readonly time: string;
  readonly tick: number;
  readonly change: Change;
}

/** For how many looks a region keeps the sign of what happened to it. */
const FRESH = 10;

/**
 * One screen of a watch: totals, the latest changes, and the regions, those that changed first.
 *
 * @returns at most `height` lines, none wider than `width`
 */
export function renderFrame(state: FrameState, width: number, height: number): string[] {
  const {snapshot, events, footer} = state;
  const head = [paint('title', shorten(who(snapshot), width)), shorten(totalsLine(state), width), ''];
  const room = height - head.length - 2;
  const latest = events.slice(-Math.max(1, Math.floor(room / 3))).reverse();
  const log = latest.map(({change, time}) => changeLine(cutText(change, width - 58), time));
  const table = regionRows(state, width, room - log.length - 1);
  const lines = [...head, ...(log.length > 0 ? log : [paint('quiet', 'No change so far.')]), '', ...table];
  return [...lines.slice(0, height - 1), paint('quiet', shorten(footer, width))];
}

function totalsLine({snapshot, status}: FrameState): string {
  const {regions, size} = snapshot.totals;
  return `${regions} regions, ${sizeText(size)} of address space, ${statusWords(status)}`;
}

const cutText = (change: Change, width: number): Change => ({
  ...change,
  text: shorten(safe(change.text), Math.max(10, width)),
});

const COLUMNS: readonly Column[] = [
  {title: ''},
  {title: 'range'},
  {title: 'size', align: 'right'},
  {title: 'perms'},
  {title: 'resident', align: 'right'},
  {title: 'kind'},
  {title: 'name', gives: true},
];

function regionRows(state: FrameState, width: number, height: number): string[] {
  const {regions} = state.snapshot;
  const fresh = freshRegions(state);
  const shown = [...fresh.keys(), ...takeOthers(regions, fresh, height - 1 - fresh.size)].slice(
    0,
    Math.max(0, height - 2),
  );
  const more = regions.length - shown.length;
  const rows = renderTable(COLUMNS, shown.map((region) => cells(region, fresh.get(region))), width); // prettier-ignore
  return more > 0 ? [...rows, paint('quiet', `… ${more} more regions`)] : rows;
}

/** Regions of the present snapshot in which something changed lately, with their latest change; the newest first. */
function freshRegions({snapshot, events, tick}: FrameState): Map<Region, Change> {
  const fresh = new Map<Region, Change>();
  for (let index = events.length - 1; index >= 0 && tick - events[index]!.tick <= FRESH; index--) {
    const {change} = events[index]!;
    const region = regionAt(snapshot.regions, change.range.start);
    if (region && !fresh.has(region)) fresh.set(region, change);
  }
  return fresh;
}

/** The region that an address lies in: a binary search, since a screen is drawn ten times a second. */
function regionAt(regions: readonly Region[], address: number): Region | undefined {
  let low = 0;
  let high = regions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (regions[middle]!.end <= address) low = middle + 1;
    else high = middle;
  }
  const region = regions[low];
  return region && region.start <= address ? region : undefined;
}

function takeOthers(regions: readonly Region[], fresh: ReadonlyMap<Region, Change>, count: number): Region[] {
  const others: Region[] = [];
  for (const region of regions) {
    if (others.length >= count) break;
    if (!fresh.has(region)) others.push(region);
  }
  return others;
}

function cells(region: Region, change: Change | undefined): Cell[] {
  const role = change && roleOf(change.kind);
  const rss = region.usage?.rss;
  return [
    {text: change ? signOf(change.kind) : '', role},
    {text: rangeText(region), role},
    {text: sizeText(sizeOf(region)), role},
    {text: safe(region.perms), role},
    {text: rss === undefined ? '' : sizeText(rss), role},
    {text: region.kind, role},
    {text: safe(region.name), role},
  ];
}
