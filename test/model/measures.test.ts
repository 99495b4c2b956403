import {readFileSync} from 'node:fs';
import test from 'ava';
import {BYTE_KEYS, findMeasure, MEASURE_KEYS, MEASURES, plainSpelling} from '../../src/model/measures.ts';
import {parse} from '../../src/parse/parse.ts';
import {camelCase} from '../../src/parse/scan.ts';
import {parseStatus} from '../../src/parse/proc/status.ts';

const read = (path: string): string => readFileSync(`test/fixtures/${path}`, 'latin1');

const SMAPS = ['python3', 'sleep'].map((name) => read(`smaps/${name}.txt`));
const ROLLUPS = ['python3', 'sleep'].map((name) => read(`smaps/${name}-rollup.txt`));
const STATUS = ['python3', 'sleep'].map((name) => read(`proc/${name}-status.txt`));

/** The lines below the headers, by their keys. */
const fieldsOf = (texts: readonly string[]): Set<string> =>
  new Set(texts.flatMap((text) => [...text.matchAll(/^([A-Z][A-Za-z_]*):/gm)].map(([, field]) => field!)));

/** Lines of smaps that are no amounts of memory. */
const NO_MEASURES = ['KernelPageSize', 'MMUPageSize', 'THPeligible', 'VmFlags'];

test('each line of smaps and of smaps_rollup is a measure, or is known to be none', (t) => {
  const known = new Set([...NO_MEASURES, ...MEASURE_KEYS.flatMap((key) => MEASURES[key].fields)]);
  const there = fieldsOf([...SMAPS, ...ROLLUPS]);
  t.deepEqual([...there].filter((field) => !known.has(field)).sort(), []);
  t.deepEqual([...known].filter((field) => !there.has(field)).sort(), [], 'and none is made up');
});

test('the key of a measure is what the reader of smaps calls its line', (t) => {
  for (const key of MEASURE_KEYS) {
    const {fields} = MEASURES[key];
    if (fields.length === 1) t.is(camelCase(fields[0]!), key);
  }
});

test('a measure is in those files that it is said to be in', (t) => {
  const [smaps, rollup] = [fieldsOf(SMAPS), fieldsOf(ROLLUPS)];
  for (const key of MEASURE_KEYS) {
    const {fields, listings, ofStatus} = MEASURES[key];
    const hasAll = (there: ReadonlySet<string>): boolean => fields.every((field) => there.has(field));
    if (fields.length > 0) {
      t.is(listings.includes('smaps'), hasAll(smaps), `${key} in smaps`);
      t.is(listings.includes('smaps_rollup'), hasAll(rollup), `${key} in smaps_rollup`);
    }
    for (const text of STATUS)
      t.is(listings.includes('status'), ofStatus(parseStatus(Buffer.from(text))) !== undefined, `${key} in status`);
  }
});

test('of regions and of their totals a measure is the sum of its lines', (t) => {
  for (const text of SMAPS) {
    const {regions, totals} = parse(text);
    for (const key of MEASURE_KEYS) {
      const {fields, listings, ofRegion, ofTotals} = MEASURES[key];
      if (!listings.includes('smaps')) {
        t.is(ofTotals(totals), undefined, key);
        continue;
      }
      const lines = [...text.matchAll(/^(\w+): +(\d+) kB$/gm)].filter(([, field]) => fields.includes(field!));
      const sum = lines.reduce((bytes, [, , kib]) => bytes + 1024 * Number(kib), 0);
      t.is(ofTotals(totals), key === 'regions' ? regions.length : sum, key);
      const added = regions.reduce((all, region) => all + ofRegion(region)!, 0);
      t.is<number | undefined, number>(ofTotals(totals), added, key);
    }
  }
});

test('the present amounts and the peaks are those lines of status', (t) => {
  const status = parseStatus(Buffer.from(STATUS[0]!));
  const line = (field: string): number =>
    1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(STATUS[0]!)![1]);
  t.is(MEASURES.rss.ofStatus(status), line('VmRSS'));
  t.is(MEASURES.rss.peakOfStatus(status), line('VmHWM'));
  t.is(MEASURES.size.ofStatus(status), line('VmSize'));
  t.is(MEASURES.size.peakOfStatus(status), line('VmPeak'));
  t.is(MEASURES.swap.ofStatus(status), line('VmSwap'));
  t.is(MEASURES.locked.ofStatus(status), line('VmLck'));
  t.is(MEASURES.threads.ofStatus(status), 1);
  t.is(MEASURES.pss.ofStatus(status), undefined);
});

test('what is not in a source is not known, and not 0', (t) => {
  const {regions, totals} = parse(read('maps/sleep.txt'));
  for (const key of BYTE_KEYS) {
    t.is(MEASURES[key].ofTotals(totals) === undefined, key !== 'size', key);
    t.is(MEASURES[key].ofRegion(regions[0]!) === undefined, key !== 'size', key);
  }
  t.is(MEASURES.huge.ofTotals({anonHugePages: 4096}), 4096, 'a sum of what is there');
});

test('no two measures share a spelling, and each is found by all of its own in any case', (t) => {
  const owners = new Map<string, string>();
  for (const key of MEASURE_KEYS) {
    for (const text of MEASURES[key].spellings) {
      t.is(owners.get(plainSpelling(text)) ?? key, key, text);
      owners.set(plainSpelling(text), key);
      for (const form of [text, text.toUpperCase(), text.replaceAll(' ', '_'), text.replaceAll(/[ _]/g, '-')])
        t.is(findMeasure(form)?.key, key, form);
    }
  }
});

test('what was written before, and what other tools say, is understood', (t) => {
  const texts = {
    rss: ['resident', 'RSS', 'VmRSS', 'RES'],
    size: ['virtual', 'VSZ', 'address space'],
    pss: ['PSS'],
    privateDirty: ['dirty', 'private_dirty', 'private-dirty', 'Private_Dirty', 'privatedirty', 'private dirty'],
    privateClean: ['clean'],
    shared: ['shared'],
    lazyFree: ['lazyfree'],
    swap: ['swapped'],
    huge: ['huge'],
  };
  for (const [key, spellings] of Object.entries(texts))
    for (const text of spellings) t.is(findMeasure(text)?.key, key as never, text);
  for (const text of ['', '_', 'weight', 'constructor', '__proto__', 'r s s s', '[heap]', '/rss'])
    t.is(findMeasure(text), undefined, text);
});
