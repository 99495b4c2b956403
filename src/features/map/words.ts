import {ownLabel, sizeOf, type Region} from '../../model/region.ts';
import {sizeText} from '../../model/amounts.ts';
import {safe} from '../../text/safe.ts';
import type {Block} from './blocks.ts';
import type {Role} from '../../text/theme.ts';

/** What a block is called, the longest text first: the first that fits is used. */
export function blockTexts({regions, word, things}: Block): string[] {
  const names = distinctNames(regions);
  if (regions.length === 1) return names.length === 1 ? names[0]! : [''];
  const parts = partWords(regions, word);
  if (names.length === 1) return [...names[0]!.map((name) => `${name}: ${parts}`), names[0]!.at(-1)!];
  const list = names.map((texts) => texts.at(-1)!).join(', ');
  const some = things > 1 && things < regions.length ? `${things} in ` : '';
  const count = `${some}${regions.length} regions${spread(regions)}`;
  return list === '' ? [count] : [`${count}: ${list}`];
}

/** Names, each as it is and without its directories; in address order, each once. At most as many as may fit. */
export function distinctNames(regions: readonly Region[]): string[][] {
  const names = new Set<string>();
  for (const region of regions) {
    // The picture shows what plain anonymous memory lies between.
    const name = (regions.length > 1 ? ownLabel(region) : region.label) ?? region.name;
    if (name !== '') names.add(name);
    if (names.size > MOST_NAMES) break;
  }
  return [...names].map((name) => {
    const text = safe(name);
    return text.includes('/') && !text.startsWith('/dev/')
      ? [text, text.slice(text.lastIndexOf('/', text.length - 2) + 1)]
      : [text];
  });
}

const MOST_NAMES = 12;

/** What kinds an object is made of, in address order. */
function partWords(regions: readonly Region[], word: string): string {
  const kinds = [...new Set(regions.map(({kind}) => kind))];
  return kinds.length === 1 && kinds[0] === word ? `${regions.length} regions` : kinds.join(' ');
}

/** How far regions lie apart, where the holes between them are larger than they are. */
function spread(regions: readonly Region[]): string {
  const reach = regions.at(-1)!.end - regions[0]!.start;
  const mapped = regions.reduce((sum, region) => sum + sizeOf(region), 0);
  return reach > 2 * mapped ? ` over ${sizeText(reach)}` : '';
}

/** The permissions that all of a block has; '' where they differ. */
export function blockPerms({regions}: Block): string {
  const {perms} = regions[0]!;
  return regions.every((region) => region.perms === perms) ? safe(perms) : '';
}

const ROLES: Readonly<Record<string, Role>> = {
  program: 'code',
  library: 'code',
  text: 'code',
  rodata: 'code',
  relro: 'code',
  jit: 'code',
  vdso: 'code',
  vvar: 'code',
  vsyscall: 'code',
  data: 'data',
  bss: 'data',
  heap: 'heap',
  arena: 'heap',
  managed: 'heap',
  stack: 'stack',
  'thread-stack': 'stack',
  file: 'file',
  shared: 'file',
  memfd: 'file',
  device: 'file',
  guard: 'quiet',
  reserved: 'quiet',
};

/** The colour of a kind, or of a block's word; the word is in the line too. */
export const roleOfWord = (word: string): Role | undefined => (Object.hasOwn(ROLES, word) ? ROLES[word] : undefined);
