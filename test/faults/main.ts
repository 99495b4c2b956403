import {writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {injectionTable} from './inject.ts';
import {liveTable} from './live.ts';
import {ROWS} from './rows.ts';
import {runRow, type Outcome} from './run-row.ts';
import {table} from './report.ts';

/** `npm run test:faults [-- --only 38]`: makes every fault, and writes docs/faults.md. Ends with 1 if one is not as expected. */
const {values} = parseArgs({options: {only: {type: 'string', multiple: true}}});

const outcomes: Outcome[] = [];
for (const row of ROWS.filter(({id}) => !values.only || values.only.includes(id))) {
  const outcome = await runRow(row);
  outcomes.push(outcome);
  process.stderr.write(`${outcome.mark.padEnd(9)} ${row.id.padEnd(3)} ${row.fault}: ${outcome.seen}\n`);
}
let failed = outcomes.some(({mark}) => mark === 'FAILED');
if (!values.only) {
  const live = await liveTable();
  const injection = await injectionTable();
  writeFileSync('docs/faults.md', table(outcomes, injection.text, live.text));
  failed ||= injection.failed || live.failed;
} else if (values.only.includes('inject')) {
  const injection = await injectionTable();
  process.stdout.write(injection.text);
  failed ||= injection.failed;
} else if (values.only.includes('live')) {
  const live = await liveTable();
  process.stdout.write(live.text);
  failed ||= live.failed;
}
process.exitCode = failed ? 1 : 0;
