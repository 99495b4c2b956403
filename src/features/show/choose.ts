import {Flags} from '@oclif/core';
import type {Choice, SortKey} from '../../model/choose.ts';
import {KINDS, type Kind} from '../../model/kind.ts';
import {MEASURE_NAMES} from '../../model/measure.ts';
import {Trouble} from '../../model/trouble.ts';
import {COLUMN_NAMES, type ColumnName} from '../../text/columns.ts';

const SORT_KEYS: readonly SortKey[] = ['address', 'name', 'kind', ...MEASURE_NAMES];

/** Which regions to show, which columns of them, and in which order. */
export const CHOICE_FLAGS = {
  kind: Flags.option({
    description: 'only regions of this kind (heap, anon, …); may be given again',
    multiple: true,
    options: KINDS,
    helpValue: '<kind>',
  })(),
  filter: Flags.string({
    description: 'only regions with this text in name, kind, permissions or range; or /a regular expression/',
    helpValue: '<text>',
  }),
  sort: Flags.option({
    description: 'the order of the table: address, name, kind, or the largest size, resident, pss, dirty, … first',
    options: SORT_KEYS,
    helpValue: '<by>',
  })(),
  columns: Flags.string({
    description: 'the columns of the table, with commas between them; all; or help, to list them',
    helpValue: '<names>',
  }),
};

export function choiceOf(flags: {
  readonly kind: readonly Kind[] | undefined;
  readonly filter: string | undefined;
}): Choice {
  return {
    kinds: flags.kind && new Set(flags.kind),
    text: flags.filter === undefined ? undefined : filterOf(flags.filter),
  };
}

/**
 * `libc` is a part of a text, in capitals or not; `/^lib(c|m)/` a regular expression.
 *
 * @throws Trouble `usage`
 */
function filterOf(filter: string): (text: string) => boolean {
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
      what: `"${filter}" is no regular expression.`,
      why: `${(error as Error).message}.`,
      next: "For example: --filter '/libc|ld-linux/'",
    });
  }
}

/** @throws Trouble `usage` */
export function columnsOf(text: string | undefined): readonly ColumnName[] | undefined {
  if (text === undefined) return undefined;
  if (text === 'all') return COLUMN_NAMES.filter((name) => name !== 'start');
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isColumn(name));
  if (unknown === undefined) return names.filter(isColumn);
  throw new Trouble({
    kind: 'usage',
    what: `"${unknown}" is no column.`,
    why: `the columns are ${COLUMN_NAMES.join(', ')}.`,
    next: 'For example: --columns range,size,resident,name',
  });
}

const isColumn = (name: string): name is ColumnName => (COLUMN_NAMES as readonly string[]).includes(name);
