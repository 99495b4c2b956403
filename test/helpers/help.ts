/**
 * The flags of a help page, from their list: wrapped lines of its usage and of its description may begin with a flag too.
 *
 * @returns their names, with `[no-]` where it can be turned off: `--children`, `--[no-]children`
 */
export const flagsOf = (help: string): readonly string[] =>
  help
    .split(/\n(?=[A-Z])/)
    .filter((section) => /^[A-Z ]*FLAGS\n/.test(section))
    .flatMap((section) => Array.from(section.matchAll(/^ {2}(?:-\w, +| {4})?(--[[\]\w-]+)/gm), ([, flag]) => flag!));
