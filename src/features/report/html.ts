import type {PageData} from './pack.ts';

/** Where the template has its data and its title. */
const DATA = '{{data}}';
const TITLE = '{{title}}';

/**
 * The page: the template, which scripts/page.js made, with the data of one report in it. The data is JSON in a script
 * element that is not run; nothing in it can end that element, or begin another, since `<`, `>` and `&` are escaped.
 */
export function pageOf(template: string, page: PageData): string {
  const [head, middle, tail] = template.split(new RegExp(`${TITLE}|${DATA}`)) as [string, string, string];
  return `${head}${escapeHtml(page.title)}${middle}${embeddedJson(page)}${tail}`;
}

/**
 * JSON that is safe in an element of a page. U+2028 and U+2029 are escaped too: some readers take them for line ends.
 */
export const embeddedJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
