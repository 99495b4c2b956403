/**
 * Colours by kind: code is blue, variables brown, heaps red, runtimes violet, stacks green, files teal. Each has a word
 * beside it.
 */
const KIND_COLOURS: Readonly<Record<string, string>> = {
  text: '#3b6ea8',
  rodata: '#86aed6',
  relro: '#a9c4e0',
  vdso: '#5b87b8',
  vvar: '#a9c4e0',
  vsyscall: '#8fa9c4',
  data: '#85725d',
  bss: '#b7a68f',
  heap: '#c8553d',
  arena: '#e58f65',
  anon: '#dba53f',
  managed: '#7b5ea7',
  jit: '#b497d6',
  stack: '#3f8f5f',
  'thread-stack': '#7fbf94',
  file: '#2a9d9d',
  shared: '#6cc5c1',
  memfd: '#94d3cf',
  hugetlb: '#1f6f78',
  device: '#8d99ae',
  special: '#5c677d',
  other: '#9c968a',
};

const isDark = (): boolean => document.documentElement.dataset['theme'] === 'dark';

export function colourOf(kind: string): string {
  if (kind === 'guard') return isDark() ? '#6a6f77' : '#a9a69f';
  if (kind === 'reserved') return isDark() ? '#3d4147' : '#d3d0c8';
  return KIND_COLOURS[kind] ?? '#8d99ae';
}

/** A colour of the style sheet: `--ink`. */
export const styleColour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A square in the colour of a kind. */
export function swatch(kind: string): HTMLElement {
  const square = document.createElement('span');
  square.className = 'swatch';
  square.style.background = colourOf(kind);
  return square;
}
