import {growthOf} from '../../../src/features/growth/growth.ts';
import {Series} from '../../../src/history/series.ts';
import {Session} from '../../../src/procfs/sampling/session.ts';
import {python} from '../../helpers/child.ts';
import {testIf} from '../../helpers/tools.ts';
import {KNOWN_PROGRAMS, PRELUDE, STEPS} from './programs.ts';

/** ms between two looks, as the series is told: the programs go from step to step, so no clock is in the way. */
const STEP = 100;

const indented = (code: string): string =>
  code
    .trim()
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('');

for (const [name, {code, verdict, rate}] of Object.entries(KNOWN_PROGRAMS)) {
  testIf('python3')(`a real program, ${name}: ${[verdict].flat().join(' or ')}`, async (t) => {
    const child = await python(t, `${PRELUDE}\ndef program():\n${indented(code)}\nsteps = program()\nnext(steps)`);
    const session = new Session(child.pid, {maxDuty: 1, maxStall: 1000});
    t.teardown(() => session.close());
    const series = new Series(['rss'], 'rss');
    for (let step = 0; step < STEPS; step++) {
      const look = session.look();
      if (look.saw !== 'process') return t.fail('it ended');
      series.add({t: step * STEP, snapshot: look.snapshot, status: session.status()});
      await child.ask('next(steps)');
    }
    const {total, measure, usageLooks} = growthOf(series, 'rss', 64 * 1024);
    t.is(measure, 'rss');
    t.is(usageLooks, STEPS);
    t.log(`${name}: ${total.verdict}, ${total.first} → ${total.last}`);
    t.true([verdict].flat().includes(total.verdict), total.verdict);
    if (rate === undefined) return;
    const {slope, low, high} = total.slope!;
    t.true(Math.abs(slope * STEP - rate) < 0.25 * rate, `${slope * STEP} ± ${((high - low) / 2) * STEP}`);
  });
}
