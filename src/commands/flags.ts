import {Flags} from '@oclif/core';
import {parseDuration, parsePercent} from '../shell/values.ts';

/** What looking again and again may cost the process: the flags of each command that does. */
export const BUDGET_FLAGS = {
  'max-stall': Flags.string({
    description: 'for how long one look may hold up the process',
    default: '50ms',
    helpValue: '<time>',
  }),
  'max-duty': Flags.string({
    description: 'the part of the time, in percent, that may be spent reading smaps; 0 for never',
    default: '2',
  }),
};

/** What the flags say, for a Session. @throws Trouble `usage` */
export const budgetOf = (flags: {'max-stall': string; 'max-duty': string}): {maxStall: number; maxDuty: number} => ({
  maxStall: parseDuration(flags['max-stall']),
  maxDuty: parsePercent(flags['max-duty']),
});
