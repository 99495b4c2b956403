import {setTimeout as pause} from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import type {Region} from '../../../../src/model/region.ts';
import {Snapshot} from '../../../../src/model/snapshot.ts';
import {renderFrame} from '../../../../src/features/watch/screen/frame.ts';
import {
  firstPicture,
  nextPicture,
  pictureAfter,
  withBreaks,
  type Picture,
} from '../../../../src/features/watch/screen/picture.ts';
import {FIRST_VIEW} from '../../../../src/features/watch/screen/view.ts';
import {setColorLevel} from '../../../../src/text/theme.ts';
import {testIf} from '../../../helpers/tools.ts';
import {watched} from '../watched.ts';

test.before(() => setColorLevel(0));

const at = '2026-01-31T12:34:56.789Z';
const status = {name: 'a', state: 'S', threads: 1, vmRss: 4096};

/** @param usage of its one region; undefined: as of maps */
function seen(usage: {rss: number} | undefined): Snapshot {
  const region: Region = {
    start: 0x10000,
    end: 0x20000,
    perms: 'rw-p',
    offset: 0,
    dev: '00:00',
    inode: '0',
    name: '',
    kind: 'anon',
    usage,
  };
  return new Snapshot({regions: [region], source: {from: 'process', format: usage ? 'smaps' : 'maps'}});
}

const text = (picture: Picture, interval: number): string =>
  renderFrame({picture, view: FIRST_VIEW, interval, hasKeys: true}, 120, 30).join('\n');

const first = firstPicture({snapshot: seen({rss: 8192}), status, t: 0, tick: 0});

test('figures of long ago have their age, whatever the interval', (t) => {
  const next = nextPicture(first, {snapshot: seen(undefined), status, t: 10_000, tick: 1, at}, []);
  t.regex(text(next, 10_000), /resident as of 10 s ago/);
  const again = nextPicture(next, {snapshot: seen({rss: 4096}), status, t: 20_000, tick: 2, at}, []);
  t.notRegex(text(again, 10_000), /ago/);
});

test('figures of the program before an exec are none of the new one', (t) => {
  const exec = {event: 'exec', snapshot: seen(undefined), status, t: 10_000, tick: 1, at} as const;
  t.regex(text(pictureAfter(first, exec), 500), /smaps is not read/);
  t.notRegex(text(pictureAfter(first, {...exec, snapshot: seen({rss: 4096})}), 500), /smaps is not read|ago/);
});

test('a break is where no sample was taken for long, and nowhere else', (t) => {
  const steps = fc.array(fc.record({samples: fc.integer({min: 1, max: 100}), late: fc.boolean()}));
  fc.assert(
    fc.property(fc.integer({min: 20, max: 60_000}), steps, (interval, all) => {
      let [ms, sample] = [0, 0];
      const moments = [{ms, sample, resident: 1, size: 1, regions: 1}];
      for (const {samples, late} of all) {
        // Samples in which nothing changed are left out of a recording: they were taken all the same.
        sample += samples;
        ms += samples * interval + (late ? 2001 + 3 * samples * interval : 0);
        moments.push({ms, sample, resident: 1, size: 1, regions: 1});
      }
      const shown = withBreaks(moments, interval);
      t.is(shown.filter((moment) => moment === undefined).length, all.filter(({late}) => late).length);
      t.deepEqual(
        shown.filter((moment) => moment !== undefined),
        moments,
      );
    }),
  );
});

testIf('python3', 'script')('what was while memmap was stopped is a break, not a flat line', async (t) => {
  const {run} = await watched(t, {columns: 120});
  await run.shows(/^resident .* [▁-█]{5,} /);
  process.kill(run.pid, 'SIGSTOP');
  await pause(3000);
  process.kill(run.pid, 'SIGCONT');
  const lines = await run.shows(/^resident .*[▁-█] [▁-█]{3,} /);
  t.true(lines.some((line) => /^size .*[▁-█] [▁-█]{3,} /.test(line)));
  run.type('q');
  await run.end();
});
