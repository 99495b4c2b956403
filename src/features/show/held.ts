import {counted, countText, sizeText} from '../../model/amounts.ts';
import {
  type Descriptors,
  fileKey,
  HELD_KINDS,
  type Held,
  heldBy,
  type HeldFile,
  isComplete,
  unmappedFiles,
} from '../../model/host/descriptors.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {gpuText, heldText} from '../../text/process/held.ts';
import {wrapped} from '../../text/lines.ts';
import {safe} from '../../text/safe.ts';
import {type Cell, type Column, renderRows} from '../../text/table.ts';
import type {TextOptions} from '../../text/process/who.ts';

interface HeldLook extends TextOptions {
  /** A table of what is held, and also what is only open. */
  readonly full?: boolean | undefined;
  /** Every file, however many. */
  readonly all?: boolean | undefined;
}

/** Less than this, and less than 1 % of what is resident, is only in the summary: bytes. */
const LITTLE = 1024 * 1024;

/** What its open descriptors hold besides its regions. */
export function renderHeld(snapshot: Snapshot, look: HeldLook = {}): string[] {
  const {descriptors} = snapshot.clues;
  if (!descriptors) {
    const isUnknown = look.full && snapshot.source.from === 'process';
    return isUnknown
      ? wrapped('What its descriptors hold is not known: /proc/PID/fd may not be read.', look.width)
      : [];
  }
  const held = heldBy(descriptors, snapshot.table.mapped);
  if (!look.full) {
    const isMuch = held.unmapped >= LITTLE || held.unmapped > (snapshot.totals['rss'] ?? Infinity) / 100;
    return isMuch
      ? wrapped(`${unmappedText(held)} No other figure here has that (--summary lists it).`, look.width)
      : [];
  }
  const table = tableOf(descriptors, held, look);
  const sentences = [...heldSentences(descriptors, held), ...openText(snapshot, descriptors)];
  return [...table, ...sentences.flatMap((sentence) => wrapped(sentence, look.width))];
}

const unmappedText = ({files}: Held): string =>
  `Held by descriptors: ${heldText(files.values())} that the process does not map.`;

function heldSentences(descriptors: Descriptors, held: Held): string[] {
  const {open, looked, unknown, gpu} = descriptors;
  const mapped = heldText(descriptors.held.filter((file) => !held.files.has(fileKey(file))));
  const drivers = [
    ...new Set(gpu.map(({driver, device}) => safe(device === undefined ? driver : `${driver} ${device}`))),
  ];
  const resident = gpuText(held.gpu);
  return [
    ...(held.unmapped > 0 ? [`${unmappedText(held)} No other figure here has that.`] : []),
    ...(mapped === '' ? [] : [`Held by descriptors, and mapped too: ${mapped}.`]),
    ...(resident === ''
      ? []
      : [
          `GPU memory, resident as its driver says: ${resident} ` +
            `(${drivers.join(', ')}; ${counted(gpu.length, 'client')}).`,
        ]),
    ...(descriptors.held.some(({exporter}) => exporter === 'udmabuf')
      ? ['A dmabuf of udmabuf is made of pages of a memfd, which may count here as well.']
      : []),
    ...(isComplete({...descriptors, unknown: 0})
      ? []
      : [
          `There are ${open === undefined ? 'more descriptors' : counted(open, 'descriptor')}, and time to look at ` +
            `${countText(looked)}: they hold at least this.`,
        ]),
    ...(unknown > 0
      ? [`What ${counted(unknown, 'more descriptor holds', 'more descriptors hold')} is not known.`]
      : []),
  ];
}

/** Rows at most, unless all are asked for. */
const FEW = 10;

/** Files of one kind and name are a row: a leak has thousands. */
function tableOf({held: files}: Descriptors, {files: unmapped}: Held, {width, all}: HeldLook): string[] {
  const groups = new Map<string, HeldFile[]>();
  for (const file of files) {
    if (file.bytes === 0) continue;
    const key = `${file.kind} ${file.name}`;
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  if (groups.size === 0) return [];
  const rows = [...groups.values()].map((group) => rowOf(group, group[0]!.name, unmapped));
  rows.sort((a, b) => b.bytes - a.bytes);
  const rest = all ? [] : rows.slice(FEW);
  const shown = all ? rows : rows.slice(0, FEW);
  if (rest.length > 0) shown.push(sumOf(rest, `… ${countText(rest.length)} more (--all)`));
  const columns: Column[] = [
    {title: 'held by descriptors', gives: 'cut'},
    ...['files', 'descriptors', 'held', 'not mapped'].map((title): Column => ({title, align: 'right'})),
  ];
  const cells = shown.map(({name, files: count, descriptors, bytes, notMapped}): Cell[] => [
    {text: safe(name), is: 'path'},
    {text: countText(count)},
    {text: countText(descriptors)},
    {text: sizeText(bytes)},
    {text: sizeText(notMapped)},
  ]);
  return [...renderRows(columns, cells, width), ''];
}

interface Row {
  readonly name: string;
  readonly files: number;
  readonly descriptors: number;
  readonly bytes: number;
  readonly notMapped: number;
}

const rowOf = (group: readonly HeldFile[], name: string, unmapped: Held['files']): Row => ({
  name: group[0]!.exporter === undefined ? name : `${name} (${group[0]!.exporter})`,
  files: group.length,
  descriptors: group.reduce((sum, {descriptors}) => sum + descriptors, 0),
  bytes: group.reduce((sum, {bytes}) => sum + bytes, 0),
  notMapped: group.reduce((sum, file) => sum + (unmapped.has(fileKey(file)) ? file.bytes : 0), 0),
});

const sumOf = (rows: readonly Row[], name: string): Row => ({
  name,
  files: rows.reduce((sum, {files}) => sum + files, 0),
  descriptors: rows.reduce((sum, {descriptors}) => sum + descriptors, 0),
  bytes: rows.reduce((sum, {bytes}) => sum + bytes, 0),
  notMapped: rows.reduce((sum, {notMapped}) => sum + notMapped, 0),
});

/** At most this many large files are named. */
const MOST_NAMED = 3;

function openText({table}: Snapshot, descriptors: Descriptors): string[] {
  const files = unmappedFiles(descriptors, table.mapped);
  if (files.length === 0) return [];
  const names = files.slice(0, MOST_NAMED).map(({name, size, bytes}) => {
    const memory = bytes === undefined ? '' : `, ${sizeText(bytes)} of memory on tmpfs`;
    return `${safe(name)} (${sizeText(size)}${memory})`;
  });
  const more = files.length - names.length;
  const others = more > 0 ? [`and ${countText(more)} more`] : [];
  return [
    `Large files that are open and not mapped: ${[...names, ...others].join(', ')}. ` +
      `What the page cache has of a file is no process's memory, and is not known here.`,
  ];
}

/** What `show --json` says of it: sums in bytes; null where it isn't known. */
export function heldJSON({clues: {descriptors}, table}: Snapshot): Record<string, unknown> | null {
  if (!descriptors) return null;
  const {unmapped, mapped, gpu, files} = heldBy(descriptors, table.mapped);
  const kinds = HELD_KINDS.flatMap((kind) => {
    const all = descriptors.held.filter((file) => file.kind === kind);
    if (all.length === 0) return [];
    const row = rowOf(all, kind, files);
    return [[kind, {files: row.files, bytes: row.bytes, unmapped: row.notMapped}] as const];
  });
  return {unmapped, mapped, kinds: Object.fromEntries(kinds), gpu, complete: isComplete(descriptors)};
}
