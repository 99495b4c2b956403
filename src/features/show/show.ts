import {type Choice, chooseRows, sortedRows, type SortKey} from '../../model/choose.ts';
import {hasRollup, type Regions} from '../../model/columns/regions.ts';
import {counted} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {renderBorders} from './borders.ts';
import {detailsJSON, renderDetails} from './details.ts';
import {heldJSON, renderHeld} from './held.ts';
import {wrapped} from '../../text/lines.ts';
import {renderRegions, type RegionsLook} from '../../text/regions.ts';
import {renderResidue, residueOf} from './residue.ts';
import {fewHoles, renderRoom, renderRoomLine} from './room-text.ts';
import {renderHead} from '../../text/process/who.ts';
import {csvLines} from '../../text/csv.ts';
import {FLAT_KEYS, flatRegion, type FlatRegion} from '../../text/flat.ts';
import {paint} from '../../text/theme.ts';
import {totalsByLabel} from '../../model/totals.ts';
import {renderFiles, renderKinds, renderLabels} from './totals.ts';
import {roomJSON} from './room-json.ts';

/** What totals are of. */
export const TOTALS_BY = ['kind', 'file', 'label'] as const;

type TotalsBy = (typeof TOTALS_BY)[number];

interface ShowLook extends RegionsLook {
  readonly choice?: Choice | undefined;
  /** No table of regions. */
  readonly summary?: boolean | undefined;
  /** How much room is left, and what keeps regions apart, at length. */
  readonly room?: boolean | undefined;
  /** Which totals. */
  readonly by?: readonly TotalsBy[] | undefined;
  /** Every region, file and hole, however many. */
  readonly all?: boolean | undefined;
}

/**
 * A process's address space: who, how much, each region, what it is made of, and what room it has.
 *
 * @returns the text in pieces: of 1,000,000 regions nobody has to hold it as a whole
 */
export function* showPieces(snapshot: Snapshot, look: ShowLook = {}): Generator<string> {
  const {table} = snapshot;
  const shown = chooseRows(table, look.choice ?? {});
  const left = table.length - shown.length;
  // All rows are written by what is alike: known from here on, that spares the totals a pass of their own (6 ms).
  if (look.rows === undefined && !look.summary) void shown.alike;
  const blocks: ReadonlyArray<Iterable<string>> = [
    renderHead(snapshot, look.width),
    look.summary || shown.length === 0 ? [] : renderRegions(shown, look),
    left > 0 ? [paint('quiet', leftOut(shown.length, left))] : [],
    ...totalsOf(snapshot, shown, look),
    look.summary ? renderHeld(snapshot, {width: look.width, full: true, all: look.all}) : [],
    [
      ...renderResidue(snapshot, {width: look.width, full: look.summary}),
      ...(look.summary ? renderDetails(snapshot, {width: look.width}) : renderHeld(snapshot, {width: look.width})),
      ...roomLine(snapshot, look),
    ],
    ...(look.room ? roomBlocks(snapshot, look) : []),
  ];
  let between = '';
  for (const block of blocks) {
    let isFirst = true;
    for (const lines of block) {
      yield `${isFirst ? between : ''}${lines}\n`;
      isFirst = false;
    }
    if (!isFirst) between = '\n';
  }
}

/** The same as one text. */
export const renderShow = (snapshot: Snapshot, look: ShowLook = {}): string => [...showPieces(snapshot, look)].join('');

/** At most this many files, unless all are asked for. */
const FEW_FILES = 10;

function totalsOf(snapshot: Snapshot, shown: Regions, look: ShowLook): string[][] {
  const by = look.by ?? (look.summary ? ['kind', 'file'] : ['kind']);
  const some = {width: look.width, rows: look.all ? undefined : FEW_FILES};
  const render = {
    kind: () => renderKinds(shown, snapshot, {width: look.width}),
    file: () => renderFiles(shown, snapshot, some),
    label: () => renderLabels(shown, snapshot, {width: look.width}),
  };
  return by.map((group) => render[group]());
}

function roomBlocks(snapshot: Snapshot, look: ShowLook): string[][] {
  if (hasRollup(snapshot.table)) return [wrapped(NO_ROOM, look.width)];
  return [renderRoom(snapshot, {width: look.width, rows: fewHoles(look.all === true)}), renderBorders(snapshot, look)];
}

const NO_ROOM = 'How much room there is, is not known: smaps_rollup does not say which regions there are.';

/** A saved listing may be incomplete: the holes in it may not be holes. */
const roomLine = (snapshot: Snapshot, look: ShowLook): string[] =>
  look.room || snapshot.source.from === 'capture' ? [] : renderRoomLine(snapshot, look);

/**
 * The document of `show --json`: a snapshot, what its totals leave out, the room it has, what its descriptors hold, and
 * what kind of pages it has. If regions were chosen, it has only those, with their totals and a note; what else it says
 * is still of the whole process.
 *
 * @param by with `label`, sums by what memory belongs to are in it too: most readers need none
 */
export function showJSON(snapshot: Snapshot, choice: Choice, by: readonly TotalsBy[] = []): Record<string, unknown> {
  const shown = chosen(snapshot, choice);
  return {
    ...shown.document(),
    labels: by.includes('label') ? Object.fromEntries(totalsByLabel(shown.table)) : undefined,
    residue: residueOf(snapshot),
    room: hasRollup(snapshot.table) ? undefined : roomJSON(snapshot),
    held: heldJSON(snapshot),
    pages: detailsJSON(snapshot),
  };
}

/** The chosen regions as CSV, with the keys of FLAT_KEYS. */
export function regionsCSV(snapshot: Snapshot, choice: Choice, sort: SortKey = 'address'): Generator<string> {
  const shown = chooseRows(snapshot.table, choice);
  return csvLines(FLAT_KEYS, flatRows(shown, sortedRows(shown, sort)));
}

function* flatRows(regions: Regions, order: Iterable<number>): Generator<FlatRegion> {
  for (const row of order) yield flatRegion(regions.at(row));
}

function chosen(snapshot: Snapshot, choice: Choice): Snapshot {
  const regions = chooseRows(snapshot.table, choice);
  if (regions === snapshot.table) return snapshot;
  const note = `Chosen: ${regions.length} of ${counted(snapshot.table.length, 'region')}; totals are of these.`;
  return snapshot.withRegions(regions, note);
}

/** How many regions a choice leaves out. */
function leftOut(shown: number, left: number): string {
  if (shown === 0) return `No region matches; ${counted(left, 'region')} ${left === 1 ? 'is' : 'are'} not shown.`;
  return `${counted(left, 'other region')} ${left === 1 ? 'is' : 'are'} not shown.`;
}
