// npm run bench: what memmap costs, beside its limits and its peers. README.md says how to read it.
import {parseArgs} from 'node:util';
import {CASES} from './cases.js';
import {jsonReport, tableReport} from './report.js';
import {machine} from './machine.js';
import {startLoad} from './load.js';
import {usePlan} from './plan.js';

const USAGE = `npm run bench -- [options]

  --case <name,…>  only these: ${Object.keys(CASES).join(', ')}
  --quick          fewer rounds, no peers that have to be compiled; at most a minute
  --rounds <n>     so many rounds in every case
  --ticks <n>      looks of the case soak (50,000; 10,000 with --quick)
  --load <n>       with so many busy processes beside it, to see what is left on a loaded machine
  --json           one JSON document instead of the table
`;

const {values} = parseArgs({
  options: {
    case: {type: 'string', multiple: true},
    quick: {type: 'boolean', default: false},
    rounds: {type: 'string'},
    ticks: {type: 'string'},
    load: {type: 'string', default: '0'},
    json: {type: 'boolean', default: false},
    help: {type: 'boolean', short: 'h', default: false},
  },
});

if (values.help) process.stdout.write(USAGE);
else await bench();

async function bench() {
  const names = values.case?.flatMap((list) => list.split(',')) ?? Object.keys(CASES);
  const unknown = names.filter((name) => !(name in CASES));
  if (unknown.length > 0) throw new Error(`there is no case ${unknown.join(', ')}\n\n${USAGE}`);
  usePlan({
    isQuick: values.quick,
    rounds: values.rounds && Number(values.rounds),
    ticks: values.ticks && Number(values.ticks),
  });
  const load = await startLoad(Number(values.load));
  const report = (values.json ? jsonReport : tableReport)(machine());
  for (const name of names) {
    report.begin(CASES[name]);
    try {
      for await (const row of CASES[name].run()) report.row({case: name, ...row});
    } catch (error) {
      process.exitCode = 1;
      report.crash(name, error);
    }
  }
  load.stop();
  report.end(machine());
}
