import {Trouble} from '../model/trouble.ts';

/**
 * `libc` matches a part of a text, in upper or lower case; `/^lib(c|m)/` is a regular expression.
 *
 * @throws Trouble `usage`
 */
export function filterOf(filter: string): (text: string) => boolean {
  const expression = /^\/(.+)\/(i?)$/s.exec(filter);
  if (!expression) {
    const part = filter.toLowerCase();
    return (text) => text.toLowerCase().includes(part);
  }
  try {
    const pattern = new RegExp(expression[1]!, `u${expression[2]}`);
    return (text) => pattern.test(text);
  } catch (error) {
    throw new Trouble({
      kind: 'usage',
      what: `"${filter}" is not a regular expression.`,
      why: `${(error as Error).message}.`,
      next: "For example: --filter '/libc|ld-linux/'",
    });
  }
}
