/**
 * The description of a command, as it is written in the source: lines of a paragraph belong together, an empty line
 * ends it, and what is indented (an example) stays a line of its own. How wide it is printed is up to who prints it.
 */
export function prose(strings: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({raw: strings}, ...values)
    .trim()
    .replaceAll(/(?<=\S)\n(?=[^\s])/g, ' ');
}
