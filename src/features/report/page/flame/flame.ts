import {sizeText} from '../../../../model/amounts.ts';
import {FLAME_MEASURES, type FlameMeasure} from '../../../cause/measures.ts';
import type {PackedCauses} from '../../pack.ts';
import {colourOf} from '../colours.ts';
import {page} from '../data.ts';
import {byId, cell, element, headRow, number} from '../dom.ts';
import {type FlameBox, flameBoxes, type FlameNode, flameTree} from './tree.ts';

const SPACE = 'http://www.w3.org/2000/svg';
/** Pixels: of a row, and about of a letter. */
const [ROW, LETTER] = [21, 6.7];
/** Shares of the picture that are narrower than this many pixels are not drawn. */
const LEAST = 0.6;

const WORDS: Readonly<Record<FlameMeasure, readonly [name: string, caption: string]>> = {
  kept: ['still there', 'What was mapped and still there at the end, by the calls that mapped it.'],
  peak: ['at the peak', 'What was there when most was mapped, by the calls that mapped it.'],
  mapped: ['mapped', 'All that was ever mapped, also what was released again.'],
  touched: ['touched', 'What became resident, by the code that touched it first.'],
};

/** Kinds of memory whose colours functions have: warm ones, as heaps have. */
const COLOURS = ['heap', 'arena', 'anon', 'bss', 'data'] as const;

let measure: FlameMeasure = 'kept';
let focus: FlameNode | undefined;
/** The box that Tab comes to. */
let current: FlameNode | undefined;

/** Offers what the widths are, where there are memory calls. */
export function startFlame(): void {
  const {causes} = page;
  if (!causes) return;
  byId('causes').hidden = false;
  for (const each of FLAME_MEASURES) {
    if (each === 'touched' && causes.every === null) continue;
    const input = element('input', {
      type: 'radio',
      name: 'flame-measure',
      checked: each === measure,
      onchange: () => {
        [measure, focus, current] = [each, undefined, undefined];
        drawFlame();
      },
    });
    byId('flame-measure').append(element('label', {}, input, WORDS[each][0]));
  }
}

/** Functions as boxes, each below the one that called it, as wide as the bytes that are theirs; and all as a table. */
export function drawFlame(): void {
  const {causes} = page;
  if (!causes) return;
  const root = focus ? rootOf(focus) : flameTree(causes, measure);
  focus ??= root;
  current ??= focus;
  const every =
    measure === 'touched'
      ? ` An estimate: one of ${causes.every} page faults was sampled.`
      : ' It is address space, to the byte.';
  byId('flame-words').textContent =
    `${WORDS[measure][1]}${every} Each box is a function, below the one that called it, as wide as the bytes that ` +
    'are its own and those of what it called. A press, or Enter, shows a box alone; Escape shows all; arrows go ' +
    'from box to box.';
  const place = byId('flame');
  const width = Math.max(200, place.getBoundingClientRect().width);
  const boxes = flameBoxes(focus, LEAST / width);
  const hasFocus = place.contains(document.activeElement);
  place.replaceChildren(picture(boxes, root, width));
  say(current, root);
  if (hasFocus) place.querySelector<SVGElement>('[tabindex="0"]')?.focus();
  drawTable(causes, root.bytes);
}

function rootOf(node: FlameNode): FlameNode {
  let root = node;
  while (root.parent) root = root.parent;
  return root;
}

function picture(boxes: readonly FlameBox[], root: FlameNode, width: number): SVGSVGElement {
  const rows = boxes.reduce((most, {row}) => Math.max(most, row), 0) + 1;
  const svg = make('svg', {width: String(width), height: String(rows * ROW + 2), role: 'tree', class: 'flame'});
  svg.setAttribute('aria-label', `Call stacks by bytes ${WORDS[measure][0]}`);
  const tabbed = boxes.some(({node}) => node === current) ? current : focus;
  for (const box of boxes) svg.append(drawn(box, {root, width, isTabbed: box.node === tabbed}));
  svg.addEventListener('keydown', (event) => press(event, boxes));
  return svg;
}

interface Drawing {
  readonly root: FlameNode;
  readonly width: number;
  readonly isTabbed: boolean;
}

function drawn({node, from, width: share, row}: FlameBox, {root, width, isTabbed}: Drawing): SVGGElement {
  const [x, wide] = [from * width, share * width];
  const group = make('g', {role: 'treeitem', tabindex: isTabbed ? '0' : '-1', 'aria-level': String(row + 1)});
  group.setAttribute('aria-label', wordsOf(node, root));
  const fill = colourOf(kindOf(node));
  const at = {x: x.toFixed(1), y: String(row * ROW + 1), height: String(ROW - 1), rx: '2'};
  group.append(make('rect', {...at, width: Math.max(0.6, wide - 1).toFixed(1), fill, 'fill-opacity': '0.42'}));
  const letters = Math.floor((wide - 10) / LETTER);
  if (letters >= 3) {
    const text = make('text', {x: (x + 5).toFixed(1), y: String(row * ROW + 15)});
    text.textContent = node.name.length > letters ? `${node.name.slice(0, letters - 1)}…` : node.name;
    group.append(text);
  }
  const choose = (): void => {
    current = node;
    say(node, root);
  };
  group.addEventListener('focus', choose);
  group.addEventListener('pointerenter', () => say(node, root));
  group.addEventListener('click', () => show(node));
  nodes.set(group, node);
  return group;
}

const nodes = new WeakMap<Element, FlameNode>();

function show(node: FlameNode): void {
  current = node;
  focus = node;
  drawFlame();
  byId('flame').querySelector<SVGElement>('[tabindex="0"]')?.focus();
}

function press(event: KeyboardEvent, boxes: readonly FlameBox[]): void {
  const at = boxes.find(({node}) => node === nodes.get(event.target as Element));
  if (!at) return;
  const {node} = at;
  const beside = boxes.filter(({row}) => row === at.row);
  const place = beside.indexOf(at);
  const goes: Readonly<Record<string, FlameNode | undefined>> = {
    ArrowUp: node.parent,
    ArrowDown: node.children[0],
    ArrowLeft: beside[place - 1]?.node,
    ArrowRight: beside[place + 1]?.node,
    Home: rootOf(node),
  };
  if (event.key === 'Enter' || event.key === ' ') show(node);
  else if (event.key === 'Escape') show(rootOf(node));
  else if (event.key in goes) {
    const next = goes[event.key];
    const group = [...byId('flame').querySelectorAll('g')].find((each) => nodes.get(each) === next);
    for (const each of group ? byId('flame').querySelectorAll('g') : []) each.setAttribute('tabindex', '-1');
    group?.setAttribute('tabindex', '0');
    group?.focus();
  } else return;
  event.preventDefault();
}

/** Its name, its bytes, and its share of all, in words. */
function wordsOf({name, bytes}: FlameNode, root: FlameNode): string {
  const share = root.bytes === 0 ? 0 : (bytes / root.bytes) * 100;
  return `${name}: ${measure === 'touched' ? 'some ' : ''}${sizeText(bytes)}, ${share.toFixed(1)} %`;
}

function say(node: FlameNode, root: FlameNode): void {
  const path: string[] = [];
  for (let each = node.parent; each?.parent; each = each.parent) path.push(each.name);
  const from = path.length > 0 ? `, called by ${path.join(' ← ')}` : '';
  byId('flame-now').textContent = root.bytes === 0 ? 'Nothing.' : `${wordsOf(node, root)}${from}`;
}

/** The same name has the same colour everywhere; what is not a function is grey. */
function kindOf({name, parent}: FlameNode): string {
  if (!parent) return 'other';
  if (name.startsWith('[')) return 'special';
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 65_521;
  return COLOURS[hash % COLOURS.length]!;
}

/** At most this many stacks are in the table. */
const MOST_ROWS = 200;

function drawTable({names, stacks}: PackedCauses, all: number): void {
  const place = FLAME_MEASURES.indexOf(measure);
  const amounts = stacks
    .map(([path, ...bytes]) => ({path, bytes: bytes[place]!}))
    .filter(({bytes}) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  const rows = amounts.slice(0, MOST_ROWS).map(({path, bytes}) => {
    const functions = path.map((each) => names[each]!).reverse();
    const share = `${((bytes / all) * 100).toFixed(1)} %`;
    return element('tr', {}, number(sizeText(bytes)), number(share), cell(functions.join(' ← '), 'text'));
  });
  const titles = [`>${WORDS[measure][0]}`, '>share', 'by'];
  byId('flame-stacks').replaceChildren(headRow(titles), element('tbody', {}, ...rows));
}

function make<Tag extends 'svg' | 'g' | 'rect' | 'text'>(
  tag: Tag,
  attributes: Readonly<Record<string, string>>,
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
