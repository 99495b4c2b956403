import test from 'ava';
import fc from 'fast-check';
import {PerfMap} from '../../src/parse/perf-map.ts';

test('a perf map names the code that was made last, however the text comes in', (t) => {
  const lines = '1000 100 JS:~first a.js:1:1\n2000 40 JS:*second with blanks\nnonsense\n1010 20 later\n3000 0 none\n';
  fc.assert(
    fc.property(fc.array(fc.nat(lines.length)), (cuts) => {
      const map = new PerfMap();
      const places = [0, ...cuts.sort((a, b) => a - b), lines.length];
      for (let part = 1; part < places.length; part++)
        map.add(Buffer.from(lines.slice(places[part - 1], places[part])));
      t.is(map.size, 3);
      t.is(map.at(0x1000)?.name, 'JS:~first a.js:1:1');
      t.is(map.at(0x1010)?.name, 'later');
      t.is(map.at(0x102f)?.name, 'later');
      t.is(map.at(0x1030)?.name, 'JS:~first a.js:1:1');
      t.is(map.at(0x2000)?.name, 'JS:*second with blanks');
      for (const address of [0xfff, 0x1100, 0x2040, 0x3000, NaN, Infinity]) t.is(map.at(address), undefined);
    }),
    {numRuns: 200},
  );
});

test('a perf map of any ranges names the newest that contains an address', (t) => {
  const ranges = fc.array(fc.tuple(fc.nat(300), fc.integer({min: 1, max: 60})), {maxLength: 60});
  fc.assert(
    fc.property(ranges, (made) => {
      const map = new PerfMap();
      map.add(
        Buffer.from(
          made.map(([start, size], index) => `${start.toString(16)} ${size.toString(16)} n${index}\n`).join(''),
        ),
      );
      for (let address = 0; address < 370; address += 3) {
        const newest = made.findLastIndex(([start, size]) => address >= start && address < start + size);
        t.is(map.at(address)?.name, newest < 0 ? undefined : `n${newest}`);
      }
    }),
    {numRuns: 300},
  );
});
