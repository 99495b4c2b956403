import type {ColorSupportLevel} from 'chalk';

/**
 * How much colour to use: 0 none, 1 the 16 basic ones. --color and --no-color decide; else NO_COLOR (no-color.org), then
 * FORCE_COLOR; else there is colour where a person reads: on a terminal that isn't `dumb`.
 */
export function colorLevel(
  flag: boolean | undefined,
  environment: NodeJS.ProcessEnv,
  isTerminal: boolean,
): ColorSupportLevel {
  if (flag !== undefined) return flag ? 1 : 0;
  if (environment['NO_COLOR']) return 0;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced === '0' || forced === 'false' ? 0 : 1;
  return isTerminal && environment['TERM'] !== 'dumb' ? 1 : 0;
}
