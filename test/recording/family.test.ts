import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {kinKey, type FamilySample, type Kin} from '../../src/model/kin/kin.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {familyAfter, familyAt} from '../../src/recording/frames/family.ts';
import {readRecording} from '../../src/recording/recording.ts';
import {folder} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';
import {beginRecording} from './recorder.ts';
import {snapshotAt, statusAt, toldBy} from './small.ts';

const AMOUNT = fc.option(fc.nat(2 ** 40), {nil: undefined});

const KIN: fc.Arbitrary<Kin> = fc.record({
  pid: fc.integer({min: 1, max: 12}),
  startTime: fc.integer({min: 0, max: 3}),
  ppid: fc.nat(12),
  comm: fc.constantFrom('a', 'b) S', '', '__proto__'),
  tie: fc.constantFrom('first', 'child', 'adopted', 'session'),
  depth: fc.nat(5),
  state: fc.constantFrom('R', 'S', ''),
  threads: AMOUNT,
  rss: AMOUNT,
  swap: AMOUNT,
  size: AMOUNT,
  peak: AMOUNT,
  usage: fc.option(fc.record({readAt: fc.constant(0), regions: fc.nat(99), pss: AMOUNT, privateDirty: AMOUNT}), {
    nil: undefined,
  }),
  missing: fc.option(fc.constantFrom('denied', 'hidden', 'spared', 'borrowed'), {nil: undefined}),
});

const SAMPLE = fc.record({
  members: fc.uniqueArray(KIN, {maxLength: 5, selector: kinKey}),
  went: fc.array(KIN, {maxLength: 2}),
  seen: fc.nat(99),
  missed: fc.boolean(),
  orphans: fc.constantFrom('adopters', 'session', 'none'),
});

const COST = {looks: 1, ms: 1, duty: 0, usageReads: 1, usageMs: 1, usageSkipped: 0};

/** As it is recorded: nothing that is absent, and readings at the time of the recording. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const inOrder = ({members, ...rest}: FamilySample): unknown =>
  plain({...rest, members: [...members].sort((a, b) => (kinKey(a) < kinKey(b) ? -1 : 1))});

test('a family is read as it was written, sample by sample, whatever else is in the lines', async (t) => {
  const path = folder(t);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(SAMPLE, {nil: undefined}), {minLength: 1, maxLength: 12}), async (samples) => {
      let ms = 0;
      const clock = {now: () => ms, wall: () => 1_700_000_000_000 + ms};
      const file = join(path, `${run++}.jsonl`);
      const {writer, close} = beginRecording(file, snapshotAt(0, true), clock);
      const expected = new Map<number, {family: FamilySample | undefined; told: string}>();
      let last: FamilySample | undefined;
      for (const [look, made] of samples.entries()) {
        ms += 500;
        // Somebody came that is there; readings are of this moment, and each is an object of its own.
        const t1 = ms;
        const usage = (kin: Kin): Kin => (kin.usage ? {...kin, usage: {...kin.usage, readAt: t1}} : kin);
        const members = made?.members.map(usage) ?? [];
        const family = made && {...made, t: t1, members, went: made.went.map(usage), came: members.slice(0, 1)};
        last = family ?? (last && {...last, came: [], went: []});
        const snapshot = snapshotAt(look, look % 3 === 0);
        if (look === 7) await writer.exec(snapshot, statusAt(look), 10, family);
        else await writer.look(snapshot, statusAt(look), 10, family);
        expected.set(writer.moments - 1, {family: last && {...last, t: ms}, told: toldBy(snapshot)});
      }
      await writer.end('count', COST);
      await close();
      const recording = readRecording(file);
      for (const [moment, {family, told}] of expected) {
        if (toldBy(recording.snapshot(moment)) !== told) throw new Error(`moment ${moment} is another`);
        const read = recording.family(moment);
        const isSame = isDeepStrictEqual(read && inOrder({...read, t: 0}), family && inOrder({...family, t: 0}));
        if (!isSame) throw new Error(`moment ${moment}: ${JSON.stringify(read)} for ${JSON.stringify(family)}`);
      }
      recording.close();
      for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) conforms(t, 'recording', JSON.parse(line));
    }),
    {numRuns: 40},
  );
});

test('a recording without a family has none', async (t) => {
  const file = join(folder(t), 'a.jsonl');
  const {writer, close} = beginRecording(file, snapshotAt(0, true));
  await writer.look(snapshotAt(0, true), statusAt(0), 10);
  await writer.end('count', COST);
  await close();
  const recording = readRecording(file);
  t.is(recording.family(0), undefined);
  t.false(readFileSync(file, 'utf8').includes('family'));
});

test('what is no family is refused as input, whatever is in it', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (value, row, other) => {
      for (const made of [
        value,
        {members: value},
        {members: {a: row}},
        {members: {'1.2': row}, came: other, went: [row]},
      ]) {
        try {
          const frame = familyAfter(undefined, made, 0);
          if (frame) familyAt(frame, 0);
        } catch (error) {
          if (!(error instanceof Trouble) || error.kind !== 'input') throw error;
        }
      }
    }),
  );
  t.pass();
});
