import {sizeText} from '../../../model/amounts.ts';
import {wrapped} from '../../../text/lines.ts';
import {safe} from '../../../text/safe.ts';
import {renderRows, type Cell, type Column} from '../../../text/table.ts';
import {paint} from '../../../text/theme.ts';
import type {Runtime, RuntimePart} from './part.ts';

const COLUMNS: readonly Column[] = [
  {title: 'what it is'},
  {title: 'in use', align: 'right'},
  {title: 'kept', align: 'right'},
  {title: 'resident', align: 'right'},
  {title: 'size', align: 'right', least: 100},
  {title: 'told by', least: 120},
  {title: 'given back by', least: 70, gives: 'wrap'},
];

/** All memory of a process by what it is for: what is in use, what is kept, and what would give it back. */
export function renderRuntime({parts}: Runtime, width: number | undefined): string[] {
  const isWhole = ({within, name}: RuntimePart): boolean => within === undefined && name !== TABLES;
  const resident = parts.filter(isWhole).reduce((sum, part) => sum + (part.resident ?? 0), 0);
  const total: Cell[] = [{text: 'resident memory (RSS)', role: 'title'}, EMPTY, EMPTY, {text: sizeText(resident)}];
  const [last, others] = [parts.filter(({name}) => name === TABLES), parts.filter(({name}) => name !== TABLES)];
  return [
    ...renderRows(COLUMNS, [...others.map(cellsOf), [...total, EMPTY, EMPTY, EMPTY], ...last.map(cellsOf)], width),
    ...(parts.some(({how}) => how === 'inferred') ? wrapped(GUESS, width).map((line) => paint('quiet', line)) : []),
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

function cellsOf({name, within, isHeap, used, kept, committed, resident, how, from, back}: RuntimePart): Cell[] {
  const amount = (bytes: number | null, empty = EMPTY): Cell =>
    bytes === null ? empty : {text: sizeText(bytes), role: bytes === 0 ? 'quiet' : undefined};
  return [
    {text: `${within === undefined ? '' : '  '}${safe(shortened(name))}${how === 'inferred' ? '?' : ''}`},
    amount(used, isHeap ? UNKNOWN : EMPTY),
    amount(kept, isHeap && within === undefined ? UNKNOWN : EMPTY),
    amount(resident),
    amount(committed),
    {text: from, role: 'quiet'},
    {text: back},
  ];
}
