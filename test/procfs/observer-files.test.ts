import {readFileSync} from 'node:fs';
import test from 'ava';
import {parseListing} from '../../src/parse/reader.ts';
import {ProcessHandle} from '../../src/procfs/handle.ts';
import {fileOf} from '../../src/procfs/observer/file-pages.ts';
import {filesIn, linesOf} from '../../src/procfs/observer/files.ts';
import {observerOf} from '../../src/procfs/observer/observer.ts';

const maps = readFileSync('/proc/self/maps');
const {regions, table} = parseListing(maps, 'proc', 'later');
const files = new Set(regions.map(fileOf).filter((file) => file !== undefined));

test('the files of a listing are those of its regions', (t) => {
  t.true(files.size > 3);
  t.deepEqual([...filesIn(maps)].toSorted(), [...files].toSorted());
});

test('the lines of some files are the regions of these, and the others are told', (t) => {
  const [first, ...rest] = files;
  const {lines, others} = linesOf(maps, new Set([first!]));
  const expected = regions.filter((region) => fileOf(region) === first);
  t.deepEqual(parseListing(lines, 'proc', 'later').regions, expected);
  t.deepEqual([...others].toSorted(), rest.toSorted());
  const all = linesOf(maps, files);
  t.is(parseListing(all.lines, 'proc', 'later').regions.length, regions.filter(fileOf).length);
  t.is(all.others.size, 0);
});

test('a file that the process maps after its listing was read is missed, unless all files were looked at', (t) => {
  const handle = new ProcessHandle(process.ppid);
  try {
    const observer = observerOf(handle);
    const [, ...earlier] = files;
    observer.begin(linesOf(maps, new Set(earlier)).lines);
    t.true(observer.hasMissed(table));
    observer.begin(maps);
    t.false(observer.hasMissed(table));
    observer.begin();
    t.false(observer.hasMissed(table));
  } finally {
    handle.close();
  }
});
