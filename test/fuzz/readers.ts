import assert from 'node:assert/strict';
import fc from 'fast-check';
import {timesIn, parseTimes} from '../../src/input/times.ts';
import {hasText} from '../../src/parse/scan.ts';
import {parse, parseDump, parsePatch} from '../../src/parse/parse.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {DRESSES, plainListing} from '../parse/foreign/decorations.ts';
import {PREFIXES} from '../parse/oom/logs.ts';
import {anyCore, anyMinidump, type Sparse} from './dumps.ts';
import {changed} from './mutations.ts';
import {checkLog, inOrder, readIt, schemaFaults} from './properties.ts';
import {SEEDS, type Form} from './seeds.ts';
import type {Subject} from './worker.ts';

/**
 * The readers of what is not the kernel's own listing, each with inputs near to what it accepts: pastes of all tools
 * and dresses, core files, minidumps, logs of the OOM killer, and names of saved listings.
 */
const seedsOf = (...forms: readonly Form[]): fc.Arbitrary<Buffer> =>
  fc.constantFrom(...SEEDS.filter(({form}) => forms.includes(form)).map(({bytes}) => bytes));

const linesOf = (bytes: Uint8Array): string[] => Buffer.from(bytes).toString('latin1').replace(/\n$/, '').split('\n');

const dressed = (lines: fc.Arbitrary<string[]>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(lines, fc.array(fc.constantFrom(...Object.values(DRESSES)), {minLength: 1, maxLength: 2}))
    .map(([first, dresses]) =>
      Buffer.from(
        dresses.reduce<Uint8Array>((bytes, dress) => dress(linesOf(bytes)), Buffer.from(first.join('\n'), 'latin1')),
      ),
    );

const pastes = fc.oneof(
  {weight: 3, arbitrary: changed(seedsOf('pasted', 'pmap', 'gdb', 'tutorial'))},
  {weight: 1, arbitrary: changed(dressed(plainListing))},
  {weight: 1, arbitrary: changed(dressed(seedsOf('pasted', 'pmap', 'gdb').map(linesOf)))},
);

const logs = changed(
  fc.tuple(seedsOf('log'), fc.constantFrom(...Object.values(PREFIXES))).map(([log, prefix]) =>
    Buffer.from(
      linesOf(log)
        .map((line, index) => `${prefix(index)}${line}\n`)
        .join(''),
      'latin1',
    ),
  ),
);

function checkPaste(bytes: Buffer): unknown {
  const read = readIt(() => parse(bytes));
  if (read instanceof Trouble) return read;
  checkBriefly(read, bytes.length);
  const sides = readIt(() => parsePatch(bytes));
  if (sides && !(sides instanceof Trouble)) for (const side of [sides.before, sides.after]) inOrder(side);
  return read;
}

/** Of some, also that the document is as its schema says, and is read again as the same. */
function checkBriefly(snapshot: Snapshot, length: number): void {
  inOrder(snapshot);
  for (const note of snapshot.notes) assert.ok(note.length < 2000);
  if (length % 16 !== 0) return;
  const json = JSON.stringify(snapshot);
  assert.equal(schemaFaults('snapshot', JSON.parse(json)), '');
  assert.deepEqual(parse(json).regions, snapshot.regions);
}

function checkDump({bytes, size}: Sparse): unknown {
  const read = (offset: number, length: number): Uint8Array => {
    const part = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
    if (offset < bytes.length) bytes.copy(part, 0, offset);
    return part;
  };
  const snapshot = readIt(() => parseDump(read, size));
  // Its first bytes may have been changed.
  if (snapshot === undefined || snapshot instanceof Trouble) return snapshot ?? NEITHER;
  for (const {usage, start, end} of snapshot.regions) assert.ok((usage?.['dumped'] ?? 0) <= end - start);
  checkBriefly(snapshot, bytes.length);
  return snapshot;
}

const NEITHER = new Trouble({kind: 'input', what: 'It is neither.', why: 'neither.', next: 'nothing.'});

function checkReports(bytes: Buffer): unknown {
  checkLog(bytes);
  return hasText(bytes, 'invoked oom-killer') ? undefined : NEITHER;
}

/** How people and programs name what they save, of a moment in ms. */
const NAMINGS: ReadonlyArray<(ms: number) => string> = [
  (ms) => `maps-${new Date(ms).toISOString()}.txt`,
  (ms) => new Date(ms).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15),
  (ms) => `smaps.${Math.floor(ms / 1000)}`,
  (ms) => `${ms}.smaps`,
  (ms) => `app_${new Date(ms).toISOString().slice(11, 19).replaceAll(':', '-')}.txt`,
  (ms) => `after ${Math.floor(ms / 1000) % 100_000}s`,
  (ms) => String(ms % 77),
];

const moment = fc.integer({min: 1_700_000_000, max: 1_900_000_000}).map((seconds) => seconds * 1000);

const spoiled = fc.tuple(fc.nat(), fc.constantFrom('', '', '', '1', '-', ':', 'T', '99', '.', 's', ' ', '\n'));

const names = fc
  .record({
    naming: fc.constantFrom(...NAMINGS),
    times: fc.uniqueArray(moment, {minLength: 1, maxLength: 6}),
    faults: fc.array(spoiled, {minLength: 6, maxLength: 6}),
    other: fc.option(fc.string({maxLength: 30}), {nil: undefined, freq: 4}),
  })
  .map(({naming, times, faults, other}) => {
    const made = times.map((ms, index) => {
      const [at, put] = faults[index]!;
      const name = naming(ms);
      return name.slice(0, at % (name.length + 1)) + put + name.slice(at % (name.length + 1));
    });
    return other === undefined ? made : [...made, other];
  });

function checkNames(made: readonly string[]): unknown {
  const times = timesIn(made);
  assert.ok(times === undefined || times.every((time) => Number.isFinite(time)));
  assert.ok(times === undefined || (times.length === made.length && new Set(times).size === made.length));
  for (const [name, at] of parseTimes(made.map((name, index) => `${name} ${made[index - 1] ?? index}`).join('\n')))
    assert.ok(name.length > 0 && Number.isFinite(at));
  return times ?? NEITHER;
}

const ofBytes = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1'));
const ofFile = ({bytes, size}: Sparse): string => `${size} bytes, of which ${bytes.toString('base64')} (base64)`;

const subject = <Input>(made: Subject<Input>): Subject<Input> => made;

export const READERS = [
  subject({name: 'pastes of other tools', inputs: pastes, check: checkPaste, show: ofBytes}),
  subject({name: 'core files', inputs: anyCore, check: checkDump, show: ofFile}),
  subject({name: 'minidumps', inputs: anyMinidump, check: checkDump, show: ofFile}),
  subject({name: 'logs of the OOM killer', inputs: logs, check: checkReports, show: ofBytes}),
  subject({name: 'names of saved listings', inputs: names, check: checkNames, show: JSON.stringify}),
] as ReadonlyArray<Subject<unknown>>;
