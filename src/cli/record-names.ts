import {Trouble} from '../model/trouble.ts';

/** @throws Trouble `usage` for a name that FILE#name could not ask for */
export function checkedNames(names: readonly string[] = []): readonly string[] {
  const wrong = names.find((name) => /^\d*$|^(first|last)$|[#\p{Cc}]/u.test(name));
  if (wrong === undefined) return names;
  throw new Trouble('usage', `"${wrong}" can't be the name of a mark.`, 'numbers, first and last stand for moments themselves.', 'For example: --mark before-load'); // prettier-ignore
}
