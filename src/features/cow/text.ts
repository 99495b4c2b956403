import {counted, countText, durationText, sizeText, spanText} from '../../model/amounts.ts';
import {address} from '../../model/region.ts';
import {wrapped} from '../../text/lines.ts';
import {shortTitle} from '../../text/process/processes.ts';
import {safe} from '../../text/safe.ts';
import {type Cell, type Column, renderRows} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {type Cow, type CowAmounts, type CowProcess, type CowRate, type CowRegion, perMinute, sizeOfAll} from './cow.ts';

interface CowTextLook extends TextOptions {
  /** Rows of workers and of regions at most; undefined: all. */
  readonly rows?: number | undefined;
}

/** What a family shares since fork, for people: the sentence first. */
export function renderCow(cow: Cow, look: CowTextLook): string {
  const {width} = look;
  const lines = (sentences: readonly string[]): string[] => sentences.flatMap((each) => wrapped(each, width));
  const tables =
    cow.members.length === 0
      ? []
      : ['', ...renderMembers(cow, look), '', ...renderKinds(cow, width), '', ...renderRegions(cow, look), ''];
  const meanings = cow.members.length === 0 ? [] : meaningsOf(cow);
  return [
    ...lines([titleOf(cow)]).map((line) => paint('title', line)),
    ...lines(sentencesOf(cow)),
    ...tables,
    ...lines(meanings).map((line) => paint('quiet', line)),
    ...lines(notesOf(cow)),
    ...lines([costText(cow)]).map((line) => paint('quiet', line)),
    '',
  ].join('\n');
}

const nameOf = ({comm, pid}: {readonly comm: string; readonly pid: number}): string => `${safe(comm)} (pid ${pid})`;

const titleText = ({comm, title}: CowProcess, width: number | undefined): string =>
  shortTitle({name: comm, title}, width);

function titleOf({parent, members}: Cow): string {
  if (!parent) return apartTitle(members);
  const forked = members.filter(({isForked}) => isForked).length;
  const begun = members.length - forked;
  const parts = [
    ...(forked > 0 ? [counted(forked, 'forked worker')] : []),
    ...(begun > 0 ? [`${counted(begun, 'worker')} that began with exec`] : []),
  ];
  return `${nameOf(parent)} and ${parts.length === 0 ? 'no workers' : parts.join(', ')}`;
}

/** Processes without a parent among them, by name where all have one. */
function apartTitle(members: Cow['members']): string {
  const names = new Set(members.map(({comm}) => comm));
  const list = members.slice(0, 8).map((each) => (names.size === 1 ? String(each.pid) : nameOf(each)));
  const more = members.length > list.length ? ` and ${countText(members.length - list.length)} more` : '';
  return names.size === 1
    ? `${safe([...names][0]!)} (pids ${list.join(', ')}${more}), no parent among them`
    : `${counted(members.length, 'process', 'processes')} without a parent among them: ${list.join(', ')}${more}`;
}

function sentencesOf(cow: Cow): string[] {
  const {parent, members, saved, isExact, rate} = cow;
  if (!parent) return [apartSentence(cow)];
  if (members.length === 0) return ['It has no workers: nothing was forked from it that still runs its program.'];
  const most = isExact ? '' : 'at most ';
  const workers = members.filter(({isForked}) => isForked).length;
  const saves =
    workers === 0
      ? 'Nothing is shared since fork: the workers began with exec, which leaves no memory of the parent.'
      : saved === 0
        ? 'Forking saves nothing any more: no page of anonymous memory is shared.'
        : `Forking saves ${most}${sizeText(saved)} over ${counted(workers, 'worker')}: they would need this much ` +
          `more memory if each page were copied.`;
  return [saves, ...(rate ? rateTexts(rate, cow) : [])];
}

const apartSentence = ({saved, isExact, members}: Cow): string =>
  saved === 0
    ? 'They share nothing: no page is mapped by two of them.'
    : `Sharing saves ${isExact ? '' : 'at most '}${sizeText(saved)} over ` +
      `${counted(members.length, 'process', 'processes')}: they would need this much more memory if each page were ` +
      'copied.';

/** A rate, with the window in which it was seen. */
function rateTexts(rate: CowRate, {isExact, members, parent, saved}: Cow): string[] {
  const {copied, ms, byPid, regions, ended} = rate;
  const window = durationText(ms);
  const gone =
    ended.length === 0
      ? []
      : [
          `${counted(ended.length, 'process', 'processes')} of the family (${ended.slice(0, 8).join(', ')}) ended ` +
            `meanwhile: what they copied is not known.`,
        ];
  if (copied === 0) return [`In ${window} none of it was copied.`, ...gone];
  const most = isExact ? '' : 'at most ';
  const names = new Map([...(parent ? [parent] : []), ...members].map((each) => [each.pid, nameOf(each)]));
  const who = [...byPid].sort(([, a], [, b]) => b - a).slice(0, 2);
  const by = who.map(([pid, bytes]) => `${names.get(pid) ?? `process ${pid}`} ${sizeText(bytes)}`).join(', ');
  const places = new Map<string, number>();
  for (const {region, copied: bytes} of regions)
    places.set(placeName(region), (places.get(placeName(region)) ?? 0) + bytes);
  const where = [...places]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, bytes]) => `${name} ${sizeText(bytes)}`)
    .join(', ');
  return [
    `In ${window} ${most}${sizeText(copied)} of it was copied: ${sizeText(perMinute(rate))}/min` +
      `${ahead(perMinute(rate), saved)}.`,
    `Copied in: ${where}.${by === '' ? '' : ` Most by: ${by}.`}`,
    ...gone,
  ];
}

/** More than there is can't be copied. @param rate bytes a minute */
const ahead = (rate: number, saved: number): string =>
  rate * 60 <= saved
    ? `, or ${sizeText(rate * 60)} an hour if it continues like this`
    : `; at this rate nothing is shared any more after ${spanText((saved / rate) * 60_000)}`;

const placeName = ({name, label, kind}: CowRegion['region']): string => safe(name || label || kind);

/** A column of amounts; `siblings` is left out where there are none. */
const AMOUNTS = ['shared', 'copied', 'siblings', 'own'] as const;

const shownOf = ({members}: Cow): ReadonlyArray<(typeof AMOUNTS)[number]> =>
  AMOUNTS.filter((key) => key !== 'siblings' || members.some(({siblings}) => siblings > 0));

const amountColumn = (title: string): Column => ({title, align: 'right'});

const sizeCell = (bytes: number): Cell => ({text: sizeText(bytes), role: bytes === 0 ? 'quiet' : undefined});

function renderMembers(cow: Cow, {width, rows = Infinity}: CowTextLook): string[] {
  const shown = shownOf(cow);
  const {parent} = cow;
  const members = cow.members.toSorted((a, b) => b.copied + b.own - a.copied - a.own || a.pid - b.pid);
  const cells = members
    .slice(0, rows)
    .map((member): Cell[] => [
      {text: String(member.pid)},
      ...shown.map((key) => sizeCell(member[key])),
      {text: titleText(member, width), is: 'phrase'},
    ]);
  const first = (main: NonNullable<Cow['parent']>): Cell[] => [
    {text: String(main.pid)},
    ...shown.map((key) =>
      key === 'shared' ? sizeCell(main.shared) : key === 'own' ? sizeCell(main.alone) : {text: ''},
    ),
    {text: titleText(main, width), is: 'phrase'},
  ];
  const more = members.length - cells.length;
  return [
    ...renderRows(
      [
        {title: 'pid', align: 'right'},
        ...shown.map(amountColumn),
        {title: parent ? 'process, the parent first' : 'process', gives: 'cut'},
      ],
      [...(parent ? [first(parent).map((cell) => ({...cell, role: 'title' as const}))] : []), ...cells],
      width,
    ),
    ...(more > 0
      ? [
          paint(
            'quiet',
            `… ${parent ? counted(more, 'more worker') : counted(more, 'more process', 'more processes')} (--all)`,
          ),
        ]
      : []),
  ];
}

function renderKinds(cow: Cow, width: number | undefined): string[] {
  const shown = shownOf(cow);
  const row = (name: string, place: CowAmounts & {readonly saved: number}): Cell[] => [
    {text: name},
    ...shown.map((key) => sizeCell(place[key])),
    sizeCell(place.saved),
  ];
  return renderRows(
    [
      {title: cow.parent ? 'kind, all workers' : 'kind, all of them'},
      ...shown.map(amountColumn),
      amountColumn('saved'),
    ],
    [...cow.kinds].map(([kind, place]) => row(kind, place)),
    width,
  );
}

/** How many regions are shown where not all are asked for. */
const FEW = 10;

function renderRegions(cow: Cow, {width, rows}: CowTextLook): string[] {
  if (!cow.parent) return renderPlaces(cow, {width, rows});
  const shown = shownOf(cow);
  const regions = cow.regions.slice(0, rows === undefined ? Infinity : FEW);
  const cells = regions.map((place): Cell[] => [
    {text: address(place.region.start)},
    ...shown.map((key) => sizeCell(place[key])),
    {text: mostBy(place)},
    {text: placeName(place.region), is: place.region.name.startsWith('/') ? 'path' : 'phrase'},
  ]);
  const more = cow.regions.length - regions.length;
  return [
    ...renderRows(
      [
        {title: 'from'},
        ...shown.map(amountColumn),
        {title: 'copied most by', least: 90},
        {title: 'region', gives: 'cut'},
      ],
      cells,
      width,
    ),
    ...(more > 0 ? [paint('quiet', `… ${counted(more, 'more region')} (--all)`)] : []),
  ];
}

/** By name: each process has it at another address. */
function renderPlaces(cow: Cow, {width, rows}: CowTextLook): string[] {
  const shown = shownOf(cow);
  const places = new Map<string, CowRegion & {readonly text: string}>();
  for (const region of cow.regions) {
    const text = placeName(region.region);
    const before = places.get(text);
    places.set(text, {...(before ? addPlaces(before, region) : region), text});
  }
  const sorted = [...places.values()].sort((a, b) => sizeOfAll(b) - sizeOfAll(a));
  const few = sorted.slice(0, rows === undefined ? Infinity : FEW);
  const cells = few.map((place): Cell[] => [
    ...shown.map((key) => sizeCell(place[key])),
    sizeCell(place.saved),
    {text: place.text, is: place.text.startsWith('/') ? 'path' : 'phrase'},
  ]);
  const more = sorted.length - few.length;
  return [
    ...renderRows([...shown.map(amountColumn), amountColumn('saved'), {title: 'regions', gives: 'cut'}], cells, width),
    ...(more > 0 ? [paint('quiet', `… ${countText(more)} more (--all)`)] : []),
  ];
}

const addPlaces = (a: CowRegion, b: CowRegion): CowRegion => ({
  ...a,
  shared: a.shared + b.shared,
  copied: a.copied + b.copied,
  siblings: a.siblings + b.siblings,
  own: a.own + b.own,
  saved: a.saved + b.saved,
});

function mostBy({by}: CowRegion): string {
  const [most] = [...by].sort(([, a], [, b]) => b - a);
  return most ? `${most[0]}: ${sizeText(most[1])}` : '';
}

function meaningsOf(cow: Cow): string[] {
  if (!cow.parent)
    return [
      (cow.isExact
        ? 'shared: at least one other of them maps this page.'
        : 'shared: at least one other of them maps this page of a file; or it is a page of anonymous memory that ' +
          'more than one process maps, whoever they are.') +
        ' copied: a page of a mapped file that the process has written to, and so has a copy of its own. own: no ' +
        'other of them has this page.',
    ];
  const other = cow.isExact
    ? 'shared: still the page of the parent.'
    : 'shared: a page that the parent and the worker have there, and that more than one process maps.';
  return [
    `${other} copied: the parent has another page there: since fork one of the two has written, or got a new page ` +
      'after swapping or madvise(2). ' +
      (shownOf(cow).includes('siblings') ? 'siblings: others have this page too, and the parent has another. ' : '') +
      'own: the parent has no page there; of the parent itself: no worker has that page.',
  ];
}

/** What a reader must know and can't see from the tables: a sentence each. In the document they are its `notes`. */
export function notesOf(cow: Cow): string[] {
  const {parent, members, others, borrowed, denied, origin, isExact, swapped, ended, isParentCut} = cow;
  const list = (pids: readonly number[]): string =>
    pids.slice(0, 8).join(', ') + (pids.length > 8 ? ` and ${countText(pids.length - 8)} more` : '');
  const names = [...new Set(others.map(({comm}) => safe(comm)))].slice(0, 4).join(', ');
  return [
    ...(members.length === 0 && origin
      ? [`It was forked itself, from ${nameOf(origin)}: see that family with memmap cow ${origin.pid}`]
      : []),
    ...(others.length > 0
      ? [
          `${counted(others.length, 'child', 'children')} run${others.length === 1 ? 's' : ''} another program ` +
            `(${names}): exec leaves nothing shared.`,
        ]
      : []),
    ...(borrowed.length > 0
      ? [
          `In the memory of ${parent ? 'its parent' : 'another of them'} for now (vfork), and left out: ` +
            `${list(borrowed)}.`,
        ]
      : []),
    ...(denied.length > 0 ? [`Not permitted to look at, and left out: ${list(denied)}.`] : []),
    ...(!isExact && !parent
      ? [
          'Page frames are hidden without CAP_SYS_ADMIN: the kernel says how often a page is mapped, not by ' +
            'whom. Pages of files and shared memory are known by their file. Of anonymous memory, shared counts ' +
            'pages that are shared with others, and the zero page, too: it is the most that it can be. As root it ' +
            'is exact.',
        ]
      : []),
    ...(!isExact && parent && members.length > 0
      ? [
          'Page frames are hidden without CAP_SYS_ADMIN: the kernel says how often a page is mapped, not by whom. So ' +
            'shared counts pages that are shared with others, and the zero page, too: it is the most that it can be. ' +
            'copied and own are pages that nobody else maps. As root it is exact.',
        ]
      : []),
    ...(swapped > 0 ? [`${sizeText(swapped)} is in swap: who shares them is hidden without CAP_SYS_ADMIN.`] : []),
    ...(ended > 0
      ? [
          `${parent ? counted(ended, 'worker') : counted(ended, 'process', 'processes')} ended while the pages ` +
            `were read, and ${ended === 1 ? 'is' : 'are'} left out.`,
        ]
      : []),
    ...(isParentCut ? ['The parent ended while the pages were read: not all of them were compared.'] : []),
  ];
}

function costText({ms, members, parent}: Cow): string {
  const what = parent
    ? 'Only private memory counts: files and shared memory need no fork to be shared.'
    : 'Files and shared memory count too: processes that began apart share nothing else.';
  return members.length === 0
    ? what
    : `${what} The page maps were read in ${durationText(ms)}, in small pieces; nobody was stopped.`;
}
