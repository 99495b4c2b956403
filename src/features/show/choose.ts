import {Flags, type Interfaces} from '@oclif/core';
import {type Choice, PLACE_KEYS, type SortKey} from '../../model/choose.ts';
import {KINDS} from '../../model/kind.ts';
import {BYTE_KEYS, type ByteKey} from '../../model/measures.ts';
import {Trouble} from '../../model/trouble.ts';
import {COLUMN_NAMES, type ColumnName} from '../../text/columns.ts';
import {filterOf} from '../../text/filter.ts';
import {measureAmong, nearestName, unknownName} from '../../text/measures.ts';

const SORT_KEYS: readonly SortKey[] = [...PLACE_KEYS, ...BYTE_KEYS];

const COLUMNS = COLUMN_NAMES.join(', ');

/** Which regions to show, which columns of them, and in which order. */
export const CHOICE_FLAGS = {
  kind: Flags.option({
    description: `only regions of this kind; may be given again: ${KINDS.join(', ')}`,
    multiple: true,
    options: KINDS,
    helpValue: '<kind>',
  })(),
  filter: Flags.string({
    description: 'only regions with this text in name, kind, permissions or range; or /a regular expression/',
    helpValue: '<text>',
  }),
  sort: Flags.custom<SortKey>({
    description:
      `the order of the table (show: address by default): ${PLACE_KEYS.join(', ')}; or, largest first, ` +
      BYTE_KEYS.join(', '),
    parse: async (text) => sortKeyOf(text),
    helpValue: '<by>',
  })(),
  columns: Flags.string({
    description:
      `the columns of the table, separated by commas; all (but numa); help, which says what they are; ` +
      `or ${COLUMNS}`,
    helpValue: '<names>',
  }),
};

type ChoiceFlags = Interfaces.InferredFlags<typeof CHOICE_FLAGS>;

export function choiceOf(flags: Pick<ChoiceFlags, 'kind' | 'filter'>): Choice {
  return {
    kinds: flags.kind && new Set(flags.kind),
    text: flags.filter === undefined ? undefined : filterOf(flags.filter),
  };
}

/** @throws Trouble `usage` */
export function columnsOf(text: string | undefined): readonly ColumnName[] | undefined {
  if (text === undefined) return undefined;
  // Nodes cost another reading that holds up the process.
  if (text === 'all') return COLUMN_NAMES.filter((name) => name !== 'start' && name !== 'numa');
  return text.split(',').map((name) => named(name.trim(), 'column', COLUMN_NAMES));
}

/** @throws Trouble `usage` */
export const sortKeyOf = (text: string): SortKey => named(text.trim(), 'sort order', SORT_KEYS);

/**
 * What the members of a family are sorted by, where nothing else is asked for: PSS, which is what each costs.
 *
 * @throws Trouble `usage` for what only regions have
 */
export function familyKeyOf(key: SortKey = 'pss'): ByteKey | 'name' {
  if (key !== 'address' && key !== 'kind') return key;
  throw new Trouble({
    kind: 'usage',
    what: `Processes can't be sorted by ${key}.`,
    why: `only a region has ${key === 'kind' ? 'a kind' : 'an address'}.`,
    next: `Sort them by name, ${BYTE_KEYS.slice(0, 4).join(', ')} or another measure.`,
  });
}

/** The one of these names that a text is: as written, or as a spelling of a measure. */
function named<Name extends string>(text: string, what: string, names: readonly Name[]): Name {
  const key = names.some((name) => name === text) ? text : measureAmong(text, BYTE_KEYS);
  const found = names.find((name) => name === key);
  if (found !== undefined) return found;
  throw unknownName(text, what, nearestName(text, BYTE_KEYS, names), names);
}
