// node bench/frame.js: what one frame of the live screen costs with 60,000 regions: the rows are updated, the frame is
// made, and its bytes go to a terminal that takes them at once. Medians in ms. Build first.
import {diff, parse} from '../dist/index.js';
import {Screen} from '../dist/terminal/screen.js';
import {firstPicture, nextPicture} from '../dist/features/watch/screen/picture.js';
import {FIRST_VIEW} from '../dist/features/watch/screen/view.js';
import {renderFrame} from '../dist/features/watch/screen/frame.js';
import {setColorLevel} from '../dist/text/theme.js';

const REGIONS = 60_000;
const FRAMES = 200;
const [WIDTH, HEIGHT] = [200, 50];
setColorLevel(1);

/** A listing in which each look changes the size of `changing` regions. */
const listing = (look, changing) =>
  Array.from({length: REGIONS}, (_, index) => {
    const start = 0x7f0000000000 + index * 0x9000;
    const isChanged = (index + look * 7) % Math.floor(REGIONS / changing) === 0;
    const end = start + (isChanged ? 0x7000 : 0x8000);
    const name = index % 3 ? '' : `                    /usr/lib/lib${index % 500}.so`;
    return `${start.toString(16)}-${end.toString(16)} ${index % 2 ? 'rw-p' : 'r--p'} 00000000 00:00 0 ${name}\n`;
  }).join('');

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

let bytes = 0;
const terminal = {
  columns: WIDTH,
  rows: HEIGHT,
  fd: 1,
  on() {},
  off() {},
  write: (text) => ((bytes += text.length), true),
};

function measure(what, view, changing) {
  const snapshots = [0, 1, 2, 3].map((look) => parse(listing(look, changing || 1)));
  const looks = snapshots.map((snapshot, index) => {
    const {changes} = diff(snapshots.at(index - 1), snapshot, {match: 'address'});
    return {snapshot, changes};
  });
  let picture = firstPicture({snapshot: snapshots.at(-1), status: {}, t: 0, tick: 0});
  const screen = new Screen(terminal, {onRedraw() {}, onGone() {}});
  screen.open();
  bytes = 0;
  const times = {follow: [], frame: [], bytes: [], all: [], cpu: []};
  for (let frame = 0; frame < FRAMES; frame++) {
    const {snapshot, changes} = changing ? looks[frame % 4] : {snapshot: picture.snapshot, changes: []};
    const cpu = process.cpuUsage();
    const begin = performance.now();
    const time = {t: frame * 100, tick: frame, at: '2026-01-31T12:00:00.000Z'};
    const sight = {snapshot, status: {vmRss: 1e9 + frame * 4096}, ...time};
    picture = nextPicture(picture, sight, changes);
    const followed = performance.now();
    const lines = renderFrame({picture, view: {...FIRST_VIEW, ...view}, interval: 100, hasKeys: true}, WIDTH, HEIGHT);
    const framed = performance.now();
    screen.draw(lines);
    const end = performance.now();
    times.follow.push(followed - begin);
    times.frame.push(framed - followed);
    times.bytes.push(end - framed);
    times.all.push(end - begin);
    const used = process.cpuUsage(cpu);
    times.cpu.push((used.user + used.system) / 1000);
  }
  const row = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values).toFixed(2)]));
  return {case: what, ...row, least: Math.min(...times.all).toFixed(1), 'bytes a frame': Math.round(bytes / FRAMES)};
}

process.removeAllListeners('exit');
const rows = [
  measure('nothing changed', {}, 0),
  measure('100 regions changed', {}, 100),
  measure('6,000 regions changed', {}, 6000),
  measure('100 changed, by size', {sort: 'size'}, 100),
  measure('100 changed, by growth', {sort: 'growth'}, 100),
  measure('100 changed, by address', {sort: 'address'}, 100),
  measure('100 changed, last page', {scroll: 1e9}, 100),
  measure('100 changed, filter "lib49"', {filter: 'lib49'}, 100),
];
process.removeAllListeners('exit');
for (const {case: what, ...row} of rows) {
  const figures = Object.entries(row).map(([name, value]) => `${name} ${String(value).padStart(6)}`);
  process.stdout.write(`${what.padEnd(28)} ${figures.join('  ')}\n`);
}
