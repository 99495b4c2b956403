import {readFileSync} from 'node:fs';
import {builtFile} from '../../../shell/built.ts';
import type {Group, GlossaryPage, Word} from './word.ts';

let pages: readonly GlossaryPage[] | undefined;
let flags: ReadonlyMap<string, string> | undefined;

/** All pages of glossary/, as the build compiled them (scripts/glossary.js). The file is read on first use. */
export const glossary = (): readonly GlossaryPage[] =>
  (pages ??= JSON.parse(readFileSync(builtFile('glossary.json'), 'utf8')) as readonly GlossaryPage[]);

/** All words that memmap can explain without looking at anything, in the order of the list. */
export const words = (): readonly Word[] => glossary().flatMap((page) => page.words);

/** What each word of a group is: `a code in VmFlags`. */
export const oneOf = (group: Group): string => glossary().find((page) => page.group === group)!.one;

/** What a code of VmFlags says about a region, in one sentence; undefined for a code that memmap doesn't know. */
export function flagMeaning(code: string): string | undefined {
  flags ??= new Map(
    words()
      .filter(({group}) => group === 'flag')
      .map(({names, meaning}) => [names[0]!, meaning]),
  );
  return flags.get(code);
}
