import * as diff from './cases/diff.js';
import * as million from './cases/million.js';
import * as parse from './cases/parse.js';
import * as ps from './cases/ps.js';
import * as report from './cases/report.js';
import * as show from './cases/show.js';
import * as soak from './cases/soak.js';
import * as start from './cases/start.js';
import * as target from './cases/target.js';
import * as trace from './cases/trace.js';
import * as watch from './cases/watch.js';

/** In the order in which they run: first what is measured in ms, while the machine is as it was found. */
export const CASES = {start, show, ps, diff, parse, watch, target, trace, report, million, soak};
