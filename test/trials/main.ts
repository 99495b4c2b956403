import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {withSection} from '../faults/report.ts';
import {growthTrials} from './growth.ts';
import {coresTrial} from './cores.ts';
import {heapTrial} from './heap.ts';
import {kindsTrial} from './kinds.ts';
import {oracleTrial} from './oracle.ts';
import {readersTrial} from './readers.ts';
import {runsTrial, type Trial} from './runs.ts';
import {scalingTrial} from './scaling.ts';
import {syntheticTables} from './synthetic.ts';
import {throughputTrial} from './throughput.ts';
import {whyTrial} from './why.ts';

/**
 * `npm run trials`: what takes too long for a test, an hour in all. `-- --only oracle` makes one part (oracle, runs,
 * readers, scaling, kinds, cores, heap, throughput, synthetic, programs, why) and writes its table again. Ends with 1 if
 * something false was said.
 */
const {values} = parseArgs({
  options: {only: {type: 'string'}, seed: {type: 'string', default: '1'}, for: {type: 'string', default: '5m'}},
});

const withoutFaults = async (text: string | Promise<string>): Promise<Trial> => ({text: await text, faults: []});

/** Each part, and the page that has its table. */
const PARTS: Readonly<Record<string, {readonly page: string; readonly make: () => Promise<Trial>}>> = {
  oracle: {page: 'docs/trials.md', make: () => oracleTrial(Number(values.seed))},
  runs: {page: 'docs/trials.md', make: runsTrial},
  heap: {page: 'docs/heap.md', make: heapTrial},
  throughput: {page: 'docs/heap.md', make: throughputTrial},
  readers: {page: 'docs/trials.md', make: () => readersTrial(Number(values.seed))},
  scaling: {page: 'docs/trials.md', make: scalingTrial},
  kinds: {page: 'docs/formats.md', make: kindsTrial},
  cores: {page: 'docs/formats.md', make: coresTrial},
  synthetic: {page: 'docs/growth.md', make: () => withoutFaults(syntheticTables())},
  programs: {page: 'docs/growth.md', make: () => withoutFaults(growthTrials(values.for))},
  why: {page: 'docs/why.md', make: whyTrial},
};

const HEAD = `# Trials

What takes too long for \`npm test\`: written by \`npm run trials\`. Each part says who the outside maker is.
`;

for (const [name, {page, make}] of Object.entries(PARTS)) {
  if (values.only !== undefined && values.only !== name) continue;
  const {text, faults} = await make();
  writeFileSync(page, withSection(existsSync(page) ? readFileSync(page, 'utf8') : HEAD, text));
  for (const fault of faults.slice(0, 20)) process.stderr.write(`FALSE ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
