import {
  findGroupMeasure,
  GROUP_MEASURES,
  type GroupMeasure,
  type GroupSample,
  isGroupCount,
} from '../../model/group/sample.ts';
import {Trouble} from '../../model/trouble.ts';
import {parseSize} from '../../shell/values.ts';

/**
 * Reads `--until` of a group: `usage>1G`, `pss>=200M`, `processes<1`. While an amount isn't known the answer is no.
 *
 * @throws Trouble `usage`
 */
export function parseGroupCondition(text: string): (sample: GroupSample) => boolean {
  const [, name = '', operator = '', number = ''] = /^\s*(\w+)\s*(>=|<=|>|<)\s*([^<>=]+)$/.exec(text) ?? [];
  const measure = findGroupMeasure(name);
  const compare = COMPARE[operator];
  if (measure === undefined || !compare) throw misunderstood(text);
  const limit = limitOf(number, measure);
  return ({amounts}) => {
    const amount = amounts[measure];
    return amount !== undefined && compare(amount, limit);
  };
}

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

const limitOf = (text: string, measure: GroupMeasure): number =>
  isGroupCount(measure) && /^\s*\d+\s*$/.test(text) ? Number(text) : parseSize(text);

const misunderstood = (text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${text}" is not a condition on a group.`,
    why: `it must be one of ${GROUP_MEASURES.join(', ')}, compared (>, >=, <, <=) with a number.`,
    next: "For example: 'usage>1G', 'pss>200M', 'processes<1'",
  });
