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

test('the lines of some files are the regions of these', (t) => {
  const [first] = files;
  const lines = linesOf(maps, (file) => file === first);
  const expected = regions.filter((region) => fileOf(region) === first);
  t.deepEqual(parseListing(lines, 'proc', 'later').regions, expected);
  t.deepEqual(
    parseListing(
      linesOf(maps, () => true),
      'proc',
      'later',
    ).regions.length,
    regions.filter(fileOf).length,
  );
});

test('a file that the process maps after its listing was read is missed, unless all files were looked at', (t) => {
  const handle = new ProcessHandle(process.ppid);
  try {
    const observer = observerOf(handle);
    const earlier = linesOf(maps, (file) => file !== [...files][0]);
    observer.begin(earlier);
    t.true(observer.hasMissed(table));
    observer.begin(maps);
    t.false(observer.hasMissed(table));
    observer.begin();
    t.false(observer.hasMissed(table));
  } finally {
    handle.close();
  }
});
