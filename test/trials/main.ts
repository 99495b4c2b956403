import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {withSection} from '../faults/report.ts';
import {oracleTrial} from './oracle.ts';
import {runsTrial} from './runs.ts';

/**
 * `npm run trials`: the long versions of tests that compare memmap with outside makers; writes docs/trials.md.
 * `-- --only oracle` or `-- --only runs` makes one part and writes it again. Ends with 1 if something false was said.
 */
const {values} = parseArgs({options: {only: {type: 'string'}, seed: {type: 'string', default: '1'}}});
const PAGE = 'docs/trials.md';
const HEAD = `# Trials

What takes too long for \`npm test\`: written by \`npm run trials\`. Each part says who the outside maker is.
`;
const PARTS = {oracle: () => oracleTrial(Number(values.seed)), runs: runsTrial} as const;

for (const name of ['oracle', 'runs'] as const) {
  if (values.only !== undefined && values.only !== name) continue;
  const {text, faults} = await PARTS[name]();
  writeFileSync(PAGE, withSection(existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : HEAD, text));
  for (const fault of faults.slice(0, 20)) process.stderr.write(`FALSE ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
