import {sizeText} from '../../../model/amounts.ts';
import {wrapped} from '../../../text/lines.ts';
import {safe} from '../../../text/safe.ts';
import {renderRows, type Cell, type Column} from '../../../text/table.ts';
import {paint} from '../../../text/theme.ts';
import type {CoreShare, Runtime, RuntimePart} from './part.ts';

const COLUMNS: readonly Column[] = [
  {title: 'what it is'},
  {title: 'in use', align: 'right'},
  {title: 'kept', align: 'right'},
  {title: 'resident', align: 'right'},
  {title: 'size', align: 'right', least: 100},
  {title: 'told by', least: 120},
  {title: 'given back by', least: 70, gives: 'wrap'},
];

/** A dead process gives nothing back: what the core doesn't have matters more. */
const CORE_COLUMNS: readonly Column[] = [
  {title: 'what it is'},
  {title: 'in use', align: 'right'},
  {title: 'kept', align: 'right'},
  {title: 'in the core', align: 'right'},
  {title: 'left out', align: 'right'},
  {title: 'told by', least: 100},
  {title: 'given back by', least: 120, gives: 'wrap'},
];

/** All memory of a process by what it is for: what is in use, what is kept, and what would give it back. */
export function renderRuntime({parts, core}: Runtime, width: number | undefined): string[] {
  const isGuessed = parts.some(({how}) => how === 'inferred');
  const legend = (isGuessed ? wrapped(GUESS, width) : []).map((line) => paint('quiet', line));
  if (core) {
    const total = [{text: 'all of it', role: 'title'} as const, EMPTY, EMPTY, ...shareCells(core), EMPTY, EMPTY];
    return [...renderRows(CORE_COLUMNS, [...parts.map(coreCells), total], width), ...legend];
  }
  const isWhole = ({within, name}: RuntimePart): boolean => within === undefined && name !== TABLES;
  const resident = parts.filter(isWhole).reduce((sum, part) => sum + (part.resident ?? 0), 0);
  const total: Cell[] = [{text: 'resident memory (RSS)', role: 'title'}, EMPTY, EMPTY, {text: sizeText(resident)}];
  const [last, others] = [parts.filter(({name}) => name === TABLES), parts.filter(({name}) => name !== TABLES)];
  return [
    ...renderRows(COLUMNS, [...others.map(cellsOf), [...total, EMPTY, EMPTY, EMPTY], ...last.map(cellsOf)], width),
    ...legend,
  ];
}

/** They are not in the RSS. */
const TABLES = 'page tables';

const EMPTY: Cell = {text: ''};

/** Not zero. */
const UNKNOWN: Cell = {text: '?', role: 'quiet'};

const GUESS = '? behind a name: inferred from shape and neighbours; in place of a number: not known';

/** Names that would take the room of the numbers. */
const SHORT: ReadonlyArray<readonly [name: RegExp, short: string]> = [
  [/ \(obmalloc\)$/, ''],
  [/^memory of the JVM: .*/, 'other memory of the JVM'],
  [/^tables of the JVM's collector$/, "the collector's tables"],
  [/^the Go runtime's bookkeeping about its heap$/, "Go's bookkeeping"],
];

const shortened = (name: string): string => SHORT.reduce((text, [form, short]) => text.replace(form, short), name);

const amount = (bytes: number | null, empty = EMPTY): Cell =>
  bytes === null ? empty : {text: sizeText(bytes), role: bytes === 0 ? 'quiet' : undefined};

/** What it is, and what of it is in use and kept. */
const firstCells = ({name, within, isHeap, used, kept, how}: RuntimePart): Cell[] => [
  {text: `${within === undefined ? '' : '  '}${safe(shortened(name))}${how === 'inferred' ? '?' : ''}`},
  amount(used, isHeap ? UNKNOWN : EMPTY),
  amount(kept, isHeap && within === undefined ? UNKNOWN : EMPTY),
];

const lastCells = ({from, back}: RuntimePart): Cell[] => [{text: from, role: 'quiet'}, {text: back}];

const cellsOf = (part: RuntimePart): Cell[] => [
  ...firstCells(part),
  amount(part.resident),
  amount(part.committed),
  ...lastCells(part),
];

const shareCells = ({dumped, leftOut}: CoreShare): Cell[] => [amount(dumped), amount(leftOut)];

const coreCells = (part: RuntimePart): Cell[] => [
  ...firstCells(part),
  ...(part.core ? shareCells(part.core) : [EMPTY, EMPTY]),
  ...lastCells(part),
];
