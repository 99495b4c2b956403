import {readFileSync, writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {injectionTable} from './inject.ts';
import {liveTable} from './live.ts';
import {ROWS} from './rows.ts';
import {runRow, type Outcome} from './run-row.ts';
import {table, withSection, withTable} from './report.ts';
import {soakTable} from './soak.ts';

/**
 * `npm run test:faults`: makes every fault, and writes docs/faults.md. `-- --only 38` makes one of the table and writes
 * nothing; `-- --only rows`, `inject`, `live` or `soak` writes that part of the page again. Ends with 1 if something is
 * not as expected.
 */
const {values} = parseArgs({options: {only: {type: 'string', multiple: true}}});
const PAGE = 'docs/faults.md';
const PARTS = {live: liveTable, inject: injectionTable, soak: soakTable} as const;

const isWanted = (name: string): boolean => !values.only || values.only.includes(name);

const outcomes: Outcome[] = [];
for (const row of ROWS.filter(({id}) => isWanted(id) || isWanted('rows'))) {
  const outcome = await runRow(row);
  outcomes.push(outcome);
  process.stderr.write(`${outcome.mark.padEnd(9)} ${row.id.padEnd(3)} ${row.fault}: ${outcome.seen}\n`);
}
let failed = outcomes.some(({mark}) => mark === 'FAILED');
let page = values.only ? readFileSync(PAGE, 'utf8') : '';
if (isWanted('rows')) page = withTable(page, table(outcomes));
for (const name of ['inject', 'live', 'soak'] as const) {
  if (!isWanted(name)) continue;
  const part = await PARTS[name]();
  page = withSection(page, part.text);
  failed ||= part.failed;
}
writeFileSync(PAGE, page);
process.exitCode = failed ? 1 : 0;
