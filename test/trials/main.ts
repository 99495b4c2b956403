import {readFileSync, writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {withSection} from '../faults/report.ts';
import {growthTrials} from './growth.ts';
import {syntheticTables} from './synthetic.ts';

/**
 * `npm run trials`: measures how good the growth verdicts are, which takes half an hour, and writes the tables of
 * docs/growth.md. `-- --only synthetic` or `programs` writes that table again; `-- --for 1m` watches for less long.
 */
const {values} = parseArgs({options: {only: {type: 'string'}, for: {type: 'string', default: '5m'}}});
const PAGE = 'docs/growth.md';
const PARTS = {synthetic: syntheticTables, programs: () => growthTrials(values.for)} as const;

for (const name of ['synthetic', 'programs'] as const) {
  if (values.only !== undefined && values.only !== name) continue;
  const section = await PARTS[name]();
  writeFileSync(PAGE, withSection(readFileSync(PAGE, 'utf8'), section));
}
