import {countText, deltaText, sizeText} from '../../../model/amounts.ts';
import {MEASURES} from '../../../model/measures.ts';
import type {ProcessRow} from '../../../model/host/processes.ts';
import {lineOf, padded, type Piece, sidesOf} from '../../../text/lines.ts';
import {ageText, isHeldWhole, nameOfGroup, shortTitle, UNREAD_WORDS, whereOf} from '../../../text/process/processes.ts';
import {cells, clip, safe} from '../../../text/safe.ts';
import {sparkline} from '../../../text/sparkline.ts';
import type {Role} from '../../../text/theme.ts';
import {type Item, seriesOf} from '../picture.ts';
import {firstShown, itemsShown} from './rows.ts';
import {type Sort, sortWords, type TopState} from './view.ts';

const GAP = '  ';

/** In place of the gap before the first column: not every terminal shows a row reversed. */
const SELECTED = '▸ ';

/** The rows, in the order that the reader chose: a caption, the column heads, and `count` rows. */
export function tableLines(state: TopState, width: number, count: number): string[] {
  const items = itemsShown(state);
  const from = firstShown(items, state.view, count);
  const shown = items.slice(from, from + count);
  const columns = columnsFor(shown, state, width);
  const {sort, isReversed} = state.view;
  const head = columns.map(({name, title, width: wide, align}): Piece => {
    const mark = name === sort ? (ASCENDING.has(sort) !== isReversed ? '▴' : '▾') : '';
    const text = padded(cells(title + mark) <= wide ? title + mark : title, wide, align);
    return {text: name === 'process' ? text.trimEnd() : text, role: 'title'};
  });
  return [
    captionLine(state, items.length, from, shown.length, width),
    lineOf(spaced(head), width),
    ...shown.map((item) => rowLine(item, columns, state, width)),
  ];
}

/** Orders that begin with what is least. */
const ASCENDING: ReadonlySet<Sort> = new Set(['pid', 'name', 'user']);

function captionLine(state: TopState, count: number, from: number, shown: number, width: number): string {
  const {view} = state;
  const place = shown < count ? ` (${countText(from + 1)}–${countText(from + shown)})` : '';
  const left: Piece[] = [
    {text: `${whatText(state, count)}${place}`, role: 'title'},
    {text: `, ${sortWords(view.sort)}${view.isReversed ? ', reversed' : ''}`, role: 'quiet'},
  ];
  return sidesOf(left, [], width);
}

/** `3 of 120 processes of user root matching “lib”`. */
function whatText({picture, view, minSize}: TopState, count: number): string {
  const {by, inside, filter} = view;
  const all = picture.host.rows.length;
  const isPart = by === undefined && (filter !== '' || inside !== undefined || minSize > 0);
  const what = by ?? (all === 1 ? 'process' : 'processes');
  const of = inside ? ` of ${inside.by} ${safe(inside.group ?? '(none)')}` : '';
  const which = filter === '' ? '' : ` matching “${safe(filter)}”`;
  const many = by === undefined ? what : count === 1 ? by : `${by}s`;
  return `${countText(count)}${isPart ? ` of ${countText(all)}` : ''} ${many}${of}${which}`;
}

function rowLine(item: Item, columns: readonly Column[], {view}: TopState, width: number): string {
  const pieces = spaced(
    // The last one is cut at its end, as on the screen of ps.
    columns.map(({name, text, width: wide, align, roleOf}) => ({
      text: name === 'process' ? clip(text(item), wide) : padded(text(item), wide, align),
      role: roleOf?.(item),
    })),
  );
  if (item.key !== view.selected) return lineOf(pieces, width).trimEnd();
  const text = pieces.map((piece, index) => (index === 1 ? SELECTED : piece.text)).join('');
  return lineOf([{text: padded(text, width), role: 'selected'}], width);
}

const spaced = (pieces: readonly Piece[]): Piece[] =>
  pieces.flatMap((piece, index) => (index === 0 ? [piece] : [{text: GAP}, piece]));

interface Kind {
  readonly title: string;
  /** The width of usual contents, so that columns don't move while rows come and go. */
  readonly least: number;
  readonly align: 'left' | 'right';
  readonly text: (item: Item) => string;
  readonly roleOf?: (item: Item) => Role | undefined;
}

interface Column extends Kind {
  readonly name: Name;
  readonly width: number;
}

type Name = 'sign' | 'pid' | 'pss' | 'age' | 'rss' | 'growth' | 'history' | 'privateDirty' | 'swap' | 'regions' | Rest;

type Rest = 'held' | 'gpu' | 'threads' | 'user' | 'where' | 'process';

/** What there is no room for is left out, in this order. */
const LEAST_WANTED: readonly Name[] = [
  'where',
  'threads',
  'regions',
  'privateDirty',
  'user',
  'swap',
  'history',
  'age',
  'growth',
  'pid',
  'rss',
  'gpu',
  'held',
];

/** Columns of the terminal for what a process is called. */
const NAME_WIDTH = 14;
const SPARK_WIDTH = 8;

/** The columns that fit, with their widths; the last one takes the rest. */
function columnsFor(items: readonly Item[], state: TopState, width: number): readonly Column[] {
  const kinds = kindsOf(state);
  const isWanted: Partial<Record<Name, boolean>> = {
    age: items.some((item) => ageText(item.row, state.picture.host.now) !== ''),
    swap: items.some(({row}) => (row.swap ?? 0) > 0),
    held: state.view.hasHeld,
    gpu: items.some(({row}) => (row.gpu ?? 0) > 0),
    user: state.view.by === undefined,
    where: state.view.by === undefined && items.some(({row}) => row.unit !== undefined || row.container !== undefined),
  };
  const all = (Object.keys(kinds) as Name[])
    .filter((name) => isWanted[name] !== false)
    .map((name): Column => {
      const {least, text} = kinds[name];
      const widest = items.reduce((most, item) => Math.max(most, cells(text(item))), least);
      return {...kinds[name], name, width: name === 'process' ? 0 : widest};
    });
  let columns = all;
  const taken = (): number => columns.slice(0, -1).reduce((sum, each) => sum + each.width + GAP.length, 0);
  for (const name of LEAST_WANTED) {
    if (taken() + NAME_WIDTH <= width) break;
    columns = columns.filter((each) => each.name !== name);
  }
  const last = Math.max(0, width - taken());
  return columns.map((column) => (column.name === 'process' ? {...column, width: last} : column));
}

const isGroup = ({row}: Item): boolean => 'members' in row;

/** Every column, in the order of the table. */
function kindsOf({picture, view}: TopState): Readonly<Record<Name, Kind>> {
  const {by} = view;
  return {
    sign: {
      title: '',
      least: 1,
      align: 'left',
      text: ({isNew}) => (isNew ? '+' : ''),
      roleOf: () => 'come',
    },
    pid: {
      title: by === undefined ? 'pid' : 'count',
      least: 7,
      align: 'right',
      text: ({row}) => ('members' in row ? countText(row.members.length) : String(row.pid)),
    },
    pss: {
      title: MEASURES.pss.title,
      least: 10,
      align: 'right',
      text: pssText,
      roleOf: (item) => (isKnown(item) ? (isOld(item) ? 'quiet' : undefined) : 'quiet'),
    },
    age: {title: 'age', least: 5, align: 'right', text: ({row}) => ageText(row, picture.host.now), roleOf: quiet},
    rss: sizeKind('rss'),
    growth: {
      title: `Δ ${MEASURES.rss.title}`,
      least: 10,
      align: 'right',
      text: ({growth}) => (growth === 0 ? '' : deltaText(growth)),
      roleOf: ({growth}) => (growth > 0 ? 'come' : 'go'),
    },
    history: {
      title: 'history',
      least: SPARK_WIDTH,
      align: 'left',
      text: (item) => sparkline(seriesOf(picture, item, by), SPARK_WIDTH),
      roleOf: () => 'move',
    },
    privateDirty: sizeKind('privateDirty'),
    swap: sizeKind('swap'),
    held: heldKind('held'),
    gpu: heldKind('gpu'),
    regions: countKind('regions'),
    threads: countKind('threads'),
    user: {title: 'user', least: 6, align: 'left', text: ({row}) => safe(row.user ?? '')},
    where: {
      title: 'unit or container',
      least: 17,
      align: 'left',
      text: (item) => (isGroup(item) ? '' : whereOf(item.row as ProcessRow)),
      roleOf: quiet,
    },
    process: {
      title: by ?? 'process',
      least: 0,
      align: 'left',
      text: ({row}) => ('members' in row ? nameOfGroup(row, by ?? 'name') : shortTitle(row, NAME_WIDTH)),
    },
  };
}

const quiet = (): Role => 'quiet';

/** Not all of it is known: of a group, members that were not read are left out. */
const isPart = ({row}: Item): boolean => 'members' in row && row.members.some(({unread}) => unread);
const isKnown = ({row}: Item): boolean => row.pss !== undefined;
const isOld = ({row}: Item): boolean => 'late' in row && row.late !== undefined;

function pssText(item: Item): string {
  const {row} = item;
  if (row.pss !== undefined) return `${isPart(item) ? '≥ ' : ''}${sizeText(row.pss)}`;
  const reasons = new Set('members' in row ? row.members.map(({unread}) => unread) : [row.unread]);
  const [reason] = reasons;
  return reasons.size === 1 && reason ? UNREAD_WORDS[reason] : 'not read';
}

function sizeKind(key: 'rss' | 'privateDirty' | 'swap'): Kind {
  const text = (item: Item): string => {
    const bytes = item.row[key];
    if (bytes === undefined) return '';
    return `${key === 'privateDirty' && isPart(item) ? '≥ ' : ''}${sizeText(bytes)}`;
  };
  return {title: MEASURES[key].title, least: Math.max(9, cells(MEASURES[key].title)), align: 'right', text};
}

/** What descriptors hold, and no region maps; or memory of GPUs. */
const heldKind = (key: 'held' | 'gpu'): Kind => ({
  title: key === 'gpu' ? 'GPU' : key,
  least: 9,
  align: 'right',
  text: ({row}) => (row[key] === undefined ? '' : `${isHeldWhole([row]) ? '' : '≥ '}${sizeText(row[key])}`),
  roleOf: ({row}) => (row[key] ? undefined : 'quiet'),
});

const countKind = (key: 'regions' | 'threads'): Kind => ({
  title: key,
  least: key.length,
  align: 'right',
  text: ({row}) => (row[key] === undefined ? '' : countText(row[key])),
});
