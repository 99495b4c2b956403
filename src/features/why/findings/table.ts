import type {Figures} from '../figures.ts';
import type {Finding} from '../finding.ts';
import {COUNTS, GROWTH} from './growth.ts';
import {LIMITS} from './limits.ts';
import {MALLOC} from './malloc.ts';
import {PAGES} from './pages.ts';
import {RUNTIME_ROWS} from './runtimes.ts';
import {UNUSUAL} from './unusual.ts';

/** All that `why` can find out about a process. A new finding is a row in one of these, and a test. */
export const PROCESS_FINDINGS: ReadonlyArray<Finding<Figures>> = [
  ...LIMITS,
  ...COUNTS,
  ...GROWTH,
  ...MALLOC,
  ...RUNTIME_ROWS,
  ...PAGES,
  ...UNUSUAL,
];
