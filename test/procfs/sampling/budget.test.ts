import test from 'ava';
import fc from 'fast-check';
import {DutyBudget, LONGEST_PAUSE, UTMOST_DUTY} from '../../../src/procfs/sampling/budget.ts';

const duties = fc.double({min: 0.001, max: 1, noNaN: true});

/** Someone who asks at these times (ms after the time before), and reads whenever that is allowed, for so many ms. */
const asked = fc.array(
  fc.record({after: fc.integer({min: 0, max: 3000}), ms: fc.double({min: 0, max: 60, noNaN: true})}),
  {
    minLength: 1,
    maxLength: 200,
  },
);

test('what is read when it is allowed takes no more than its part of the time', (t) => {
  fc.assert(
    fc.property(duties, asked, (duty, asks) => {
      const budget = new DutyBudget(duty);
      let [now, begin, spent, last] = [1000, NaN, 0, 0];
      for (const {after, ms} of asks) {
        now += after;
        // A read that is long for its duty rests for the longest pause: the next law.
        if (ms / duty > LONGEST_PAUSE || !budget.allows(now)) continue;
        begin = Number.isNaN(begin) ? now : begin;
        budget.spend(now, ms);
        [spent, last] = [spent + last, ms];
        if (spent > duty * (now - begin) * (1 + 1e-9) + 1e-6) return false;
      }
      return true;
    }),
  );
  t.pass();
});

test('whatever was spent, allowed or not, nobody goes without for longer than the longest pause', (t) => {
  const spending = fc.array(fc.tuple(fc.nat(4000), fc.double({min: 0, max: 3000, noNaN: true})), {minLength: 1});
  fc.assert(
    fc.property(duties, spending, (duty, spends) => {
      const budget = new DutyBudget(duty);
      let [now, most] = [0, 0];
      return spends.every(([after, ms]) => {
        now += after;
        most = Math.max(most, ms);
        const before = budget.rest(now);
        budget.spend(now, ms);
        const rest = budget.rest(now);
        const isInTime = rest <= Math.max(LONGEST_PAUSE, most / UTMOST_DUTY) + 1e-6;
        return isInTime && rest >= before && budget.allows(now + rest + 1e-6);
      });
    }),
  );
  t.pass();
});

test('no duty allows nothing, ever', (t) => {
  const budget = new DutyBudget(0);
  t.false(budget.allows(0));
  budget.spend(0, 10);
  t.false(budget.allows(1e9));
  t.is(budget.rest(1e9), Infinity);
});
