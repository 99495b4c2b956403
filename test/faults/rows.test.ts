import test from 'ava';
import {testIf} from '../helpers/tools.ts';
import {runRow} from './run-row.ts';
import {ROWS} from './rows.ts';

test('the table has every fault of the list once', (t) => {
  const numbers = ROWS.map(({id}) => id).filter((id) => /^\d/.test(id));
  t.deepEqual(
    numbers,
    Array.from({length: 71}, (_, index) => String(index + 1)),
  );
});

// The others, which take long or need more than an ordinary user has, are made by `npm run test:faults`.
for (const row of ROWS.filter(({run, needs = []}) => run && !needs.includes('slow') && !needs.includes('root'))) {
  const tools = (row.needs ?? []).filter((need) => need !== 'root' && need !== 'slow');
  testIf(...tools).serial(`fault ${row.id}: ${row.fault}`, async (t) => {
    const {mark, seen} = await runRow(row);
    t.log(seen);
    t.is(mark, 'ok', seen);
  });
}
