import {findWords, plain} from './find.ts';
import {GROUPS, type Group, type GlossaryPage, type Word} from './word.ts';

/** What a word may have in its list. The labels are those that `memmap explain WORD` prints. */
const WORD_FIELDS: ReadonlySet<string> = new Set(['also', 'but', 'unit', 'since', 'see', 'related']);
/**
 * What a page may have in its list: what its words are called, and what holds for those that don't say it themselves.
 */
const PAGE_FIELDS: ReadonlySet<string> = new Set(['all', 'one', 'unit', 'since', 'see']);

/** A heading with what is below it. */
interface Section {
  readonly name: string;
  readonly line: number;
  readonly paragraphs: string[];
  readonly fields: Map<string, {readonly line: number; text: string}>;
}

interface Glossary {
  readonly pages: readonly GlossaryPage[];
  /** What is wrong, as `FILE:LINE: why`; empty where all is well. */
  readonly problems: readonly string[];
}

/**
 * Reads the pages of glossary/: a title and its list for the page, then a heading, a paragraph and a list for each
 * word. README.md there says how they are written.
 *
 * @param texts the Markdown of each page, by the name of its group
 * @param fileOf how to call the page of a group in a message
 */
export function parseGlossary(texts: ReadonlyMap<string, string>, fileOf: (group: string) => string): Glossary {
  const reader = new Reader();
  for (const name of texts.keys())
    if (!GROUPS.includes(name as Group)) reader.say(fileOf(name), 1, `no such group: one of ${GROUPS.join(', ')}`);
  const pages = GROUPS.flatMap((group) => {
    const text = texts.get(group);
    if (text === undefined) reader.say(fileOf(group), 1, 'this page is missing');
    return text === undefined ? [] : reader.page(group, fileOf(group), text);
  });
  reader.checkReferences(pages.flatMap((page) => page.words));
  return {pages, problems: reader.problems};
}

class Reader {
  readonly problems: string[] = [];
  readonly #references: Array<{readonly file: string; readonly line: number; readonly name: string}> = [];

  say(file: string, line: number, why: string): void {
    this.problems.push(`${file}:${line}: ${why}`);
  }

  /** A page, if it has its title. */
  page(group: Group, file: string, text: string): GlossaryPage[] {
    const [head, ...sections] = this.#sections(file, text);
    if (!head) return [];
    const common = this.#texts(file, head, PAGE_FIELDS);
    const missing = ['all', 'one'].filter((label) => !common.has(label));
    for (const label of missing) this.say(file, head.line, `the page's list has no "${label}"`);
    if (head.paragraphs.length === 0) this.say(file, head.line, 'the page has no introduction');
    const words = sections.map((section) => this.#word(group, file, section, common));
    this.#checkNames(file, sections, words);
    return [{group, all: common.get('all') ?? '', one: common.get('one') ?? '', words}];
  }

  /** The title's section first. */
  #sections(file: string, text: string): Section[] {
    const sections: Section[] = [];
    let last: 'blank' | 'heading' | 'text' | 'field' = 'blank';
    for (const [index, raw] of text.split('\n').entries()) {
      const [row, line] = [raw.trimEnd(), index + 1];
      const [, hashes, name] = /^(#+) (.+)$/.exec(row) ?? [];
      const section = sections.at(-1);
      if (row === '') last = 'blank';
      else if (hashes !== undefined) {
        if (hashes !== (section ? '##' : '#')) this.say(file, line, 'a page has one # title, then ## words');
        sections.push({name: name!, line, paragraphs: [], fields: new Map()});
        last = 'heading';
      } else if (!section) {
        this.say(file, line, 'a page begins with its # title');
        return [];
      } else last = this.#row(file, line, row, section, last);
    }
    if (sections.length === 0) this.say(file, 1, 'the page is empty');
    return sections;
  }

  /** A line of a paragraph, the beginning of a field (`- label: text`), or more of one. */
  #row(file: string, line: number, row: string, section: Section, last: string): 'text' | 'field' {
    const {paragraphs, fields} = section;
    const [, label, value] = /^- ([a-z]+): (.+)$/.exec(row) ?? [];
    if (row.startsWith('- ') && label === undefined) this.say(file, line, 'a field is written "- label: text"');
    else if (/[*<`]|^ *(?:[-+>#]|\d+[.)]) /.test(value ?? row))
      this.say(file, line, 'Markdown would take a part of this line for more than text');
    if (label !== undefined) {
      if (fields.has(label)) this.say(file, line, `"${label}" is there twice`);
      fields.set(label, {line, text: value!});
      return 'field';
    }
    const field = [...fields.values()].at(-1);
    if (row.startsWith('  ') && last === 'field' && field) {
      field.text += ` ${row.trim()}`;
      return 'field';
    }
    if (row.startsWith(' ') || fields.size > 0) this.say(file, line, 'this belongs to no field: indent it by two');
    if (last === 'text') paragraphs.push(`${paragraphs.pop()} ${row}`);
    else paragraphs.push(row);
    return 'text';
  }

  #texts(file: string, {fields}: Section, known: ReadonlySet<string>): Map<string, string> {
    for (const [label, {line}] of fields)
      if (!known.has(label)) this.say(file, line, `unknown field "${label}": one of ${[...known].join(', ')}`);
    return new Map([...fields].map(([label, {text}]) => [label, text]));
  }

  #word(group: Group, file: string, section: Section, common: ReadonlyMap<string, string>): Word {
    const {name, line, paragraphs, fields} = section;
    const own = this.#texts(file, section, WORD_FIELDS);
    const text = (label: string): string | undefined => own.get(label) ?? common.get(label);
    const list = (label: string): string[] | undefined => own.get(label)?.split(', ');
    for (const label of ['unit', 'see'])
      if (text(label) === undefined) this.say(file, line, `${name} has no "${label}", and its page has none either`);
    if (paragraphs.length !== 1)
      this.say(file, line, `${name} has ${paragraphs.length} paragraphs: its meaning is one`);
    for (const other of list('related') ?? [])
      this.#references.push({file, line: fields.get('related')!.line, name: other});
    return {
      names: [name, ...(list('also') ?? [])],
      group,
      unit: text('unit') ?? '',
      meaning: paragraphs[0] ?? '',
      traps: own.get('but'),
      since: text('since'),
      source: text('see') ?? '',
      related: list('related'),
    };
  }

  /** In one group a spelling stands for one word. */
  #checkNames(file: string, sections: readonly Section[], words: readonly Word[]): void {
    const first = new Map<string, Word>();
    for (const [index, word] of words.entries())
      for (const name of word.names) {
        const other = first.get(plain(name)) ?? word;
        if (other !== word) this.say(file, sections[index]!.line, `${name} is a word already: see ${other.names[0]}`);
        first.set(plain(name), other);
      }
  }

  checkReferences(words: readonly Word[]): void {
    for (const {file, line, name} of this.#references)
      if (findWords(words, name).length === 0) this.say(file, line, `related to "${name}", which is not a word`);
  }
}
